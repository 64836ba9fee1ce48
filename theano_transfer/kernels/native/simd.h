// Vectors of floats, as wide as the processor that the code is compiled for.
#pragma once

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
// Not `vec{} + value`, which would be computed, for the sake of -0.
inline vec splat(float value) { return value - vec{}; }
inline vec largest(vec a, vec b) { return a > b ? a : b; }
inline vec smallest(vec a, vec b) { return a < b ? a : b; }

// The upper half of a float: how images are stored where that is asked for. Computing is done with
// floats.
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
    const words_of_vec bits = (words_of_vec)value;
    const words_of_vec nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    const words_of_vec nan = words_of_vec{} + 0x7FC0;
    *(half_words*)to = __builtin_convertvector(value == value ? nearest : nan, half_words);
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

// Calls `body(channel, count)` for each vector of channels; the last may have fewer than lanes.
template <typename Body>
inline void for_vectors(int64_t channels, Body body) {
    int64_t c = 0;
    for (; c + lanes <= channels; c += lanes) body(c, int64_t(lanes));
    if (c < channels) body(c, channels - c);
}

}  // namespace tt
