// Vectors of floats, as wide as the processor that the code is compiled for.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace tt {

#if defined(__AVX512F__)
constexpr int lanes = 16;
constexpr int registers = 32;
#elif defined(__AVX__)
constexpr int lanes = 8;
constexpr int registers = 16;
#else
constexpr int lanes = 4;
constexpr int registers = 16;
#endif

typedef float vec __attribute__((vector_size(lanes * sizeof(float)), may_alias));
typedef float unaligned_vec
    __attribute__((vector_size(lanes * sizeof(float)), may_alias, aligned(sizeof(float))));

inline vec load(const float* from) { return *(const unaligned_vec*)from; }
inline void store(float* to, vec value) { *(unaligned_vec*)to = value; }
// The first `count` numbers of a vector; the others are 0, and stay unwritten.
inline vec load(const float* from, int64_t count) {
    if (count >= lanes) return load(from);
    vec value{};
    std::memcpy(&value, from, count * sizeof(float));
    return value;
}
inline void store(float* to, vec value, int64_t count) {
    if (count >= lanes)
        store(to, value);
    else
        std::memcpy(to, &value, count * sizeof(float));
}
inline vec splat(float value) {
#if defined(__AVX512F__)
    return (vec)_mm512_set1_ps(value);
#elif defined(__AVX__)
    return (vec)_mm256_set1_ps(value);
#else
    return (vec)_mm_set1_ps(value);
#endif
}

// Brings what will be read, or written, into the second cache: it comes while others compute. To
// the compiler a function that does only this does nothing, and calls of it may be left out.
#define ALWAYS_INLINE inline __attribute__((always_inline))
ALWAYS_INLINE void fetch(const void* line) { __builtin_prefetch(line, 0, 2); }
ALWAYS_INLINE void fetch_to_write(const void* line) { __builtin_prefetch(line, 1, 2); }

inline vec largest(vec a, vec b) { return a > b ? a : b; }
inline vec smallest(vec a, vec b) { return a < b ? a : b; }

// The upper half of a float: how images are stored where that is asked for. Sums are floats.
struct bfloat16 {
    uint16_t bits;
};
typedef uint16_t half_words __attribute__((vector_size(lanes * 2), may_alias, aligned(2)));
typedef uint32_t words_of_vec __attribute__((vector_size(lanes * 4), may_alias));

inline vec load(const bfloat16* from) {
    const auto wide = __builtin_convertvector(*(const half_words*)from, words_of_vec) << 16;
    return (vec)wide;
}
// To the nearest, ties to even.
inline void store(bfloat16* to, vec value) {
#ifdef __AVX512BF16__
    const __m256bh nearest = _mm512_cvtneps_pbh((__m512)value);
    std::memcpy(to, &nearest, sizeof nearest);
#else
    const words_of_vec bits = (words_of_vec)value;
    const words_of_vec nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    const words_of_vec nan = words_of_vec{} + 0x7FC0;
    *(half_words*)to = __builtin_convertvector(value == value ? nearest : nan, half_words);
#endif
}
inline vec load(const bfloat16* from, int64_t count) {
    if (count >= lanes) return load(from);
    bfloat16 all[lanes] = {};
    std::memcpy(all, from, count * sizeof(bfloat16));
    return load(all);
}
inline void store(bfloat16* to, vec value, int64_t count) {
    if (count >= lanes) return store(to, value);
    bfloat16 all[lanes];
    store(all, value);
    std::memcpy(to, all, count * sizeof(bfloat16));
}

inline bfloat16 rounded(float value) {
    bfloat16 all[lanes];
    store(all, splat(value));
    return all[0];
}

// How many numbers share the place of a float.
template <typename Number>
constexpr int per_word = sizeof(float) / sizeof(Number);

// sum + a * b, where each place of `a` and `b` holds a float, or two bfloat16 of which the products
// are added up.
template <typename Number>
inline vec multiply_add(vec sum, vec a, vec b) {
    if constexpr (per_word<Number> == 1) return sum + a * b;
#ifdef __AVX512BF16__
    return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
    const words_of_vec x = (words_of_vec)a, y = (words_of_vec)b;
    sum += (vec)(x << 16) * (vec)(y << 16);
    return sum + (vec)(x & 0xFFFF0000) * (vec)(y & 0xFFFF0000);
#endif
}

// Calls `body(channel, count)` for each vector of channels; the last may have fewer than lanes.
template <typename Body>
inline void for_vectors(int64_t channels, Body body) {
    int64_t c = 0;
    for (; c + lanes <= channels; c += lanes) body(c, int64_t(lanes));
    if (c < channels) body(c, channels - c);
}

}  // namespace tt
