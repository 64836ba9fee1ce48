#include "packed_filters.h"

#include <omp.h>

#include <mutex>

namespace tt {
namespace {

constexpr uint64_t odd = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio

typedef uint64_t words __attribute__((vector_size(64), may_alias, aligned(4)));

// Lanes of 64 bits, each turned over before it takes the next word, so that order counts.
uint64_t of_piece(const char* data, size_t bytes) {
    words sum[4] = {};
    size_t at = 0;
    for (; at + 256 <= bytes; at += 256)
        for (int i = 0; i < 4; ++i) {
            const words value = *(const words*)(data + at + 64 * i);
            sum[i] = (sum[i] ^ value) + (sum[i] << 7) + (sum[i] >> 29) + (value << 32);
        }
    uint64_t result = bytes;
    for (const words& s : sum)
        for (int lane = 0; lane < 8; ++lane) result = mixed(result, s[lane]);
    for (; at + 4 <= bytes; at += 4) result = mixed(result, *(const uint32_t*)(data + at));
    return result;
}

// What all nodes of all functions hold, so that equal filters are packed once.
std::mutex guard;
std::unordered_map<uint64_t, std::weak_ptr<Scratch>> shared;

Packed find_shared(uint64_t key) {
    const std::lock_guard<std::mutex> held(guard);
    const auto found = shared.find(key);
    return found == shared.end() ? nullptr : found->second.lock();
}

void share(uint64_t key, const Packed& packed) {
    const std::lock_guard<std::mutex> held(guard);
    for (auto it = shared.begin(); it != shared.end();)
        it = it->second.expired() ? shared.erase(it) : std::next(it);
    shared[key] = packed;
}

}  // namespace

uint64_t mixed(uint64_t a, uint64_t b) {
    uint64_t h = (a ^ (b + odd + (a << 6) + (a >> 2))) * odd;
    return h ^ (h >> 31);
}

uint64_t fingerprint(PyArrayObject* array) {
    // Views that only swap or flip axes read the same block of memory, in another order.
    const char* data = PyArray_BYTES(array);
    std::vector<std::pair<npy_intp, npy_intp>> axes;  // (stride, length)
    uint64_t result = 0;
    for (int axis = 0; axis < PyArray_NDIM(array); ++axis) {
        const npy_intp stride = PyArray_STRIDE(array, axis), length = PyArray_DIM(array, axis);
        result = mixed(mixed(result, stride), length);
        if (length == 1) continue;
        if (stride < 0) data += stride * (length - 1);
        axes.emplace_back(std::abs(stride), length);
    }
    std::sort(axes.begin(), axes.end());
    size_t bytes = sizeof(float);
    bool dense = true;
    for (const auto& axis : axes) {
        dense = dense && axis.first == (npy_intp)bytes;
        bytes *= axis.second;
    }
    if (!dense) {
        const Contiguous copy(array);
        return mixed(result, of_piece((const char*)copy.data(), bytes));
    }
    constexpr size_t piece = 1 << 18;
    const int64_t pieces = (bytes + piece - 1) / piece;
    if (pieces < 4) return mixed(result, of_piece(data, bytes));
    std::vector<uint64_t> parts(pieces);
#pragma omp parallel for
    for (int64_t i = 0; i < pieces; ++i)
        parts[i] = of_piece(data + i * piece, std::min(piece, bytes - i * piece));
    for (uint64_t part : parts) result = mixed(result, part);
    return result;
}

Seen PackedFilters::note(uint64_t mark) {
    const Seen seen = mark_ == 0 ? Seen::first : mark_ == mark ? Seen::same : Seen::changed;
    mark_ = mark;
    if (seen == Seen::changed) held_.reset();
    return seen;
}

Packed PackedFilters::keep(const std::vector<int64_t>& kernel, uint64_t mark, size_t floats,
                           const std::function<void(float*)>& pack) {
    uint64_t key = mark;
    for (int64_t number : kernel) key = mixed(key, number);
    if (held_ && held_key_ == key) return held_;
    held_ = find_shared(key);
    if (!held_) {
        held_ = std::make_shared<Scratch>(floats);
        pack(held_->data());
        share(key, held_);
    }
    held_key_ = key;
    return held_;
}

namespace {

PackedFilters& of_node(PackedFilters** packed) {
    if (*packed == nullptr) *packed = new PackedFilters;
    return **packed;
}

}  // namespace

Packer::Packer(PackedFilters** state, uint64_t mark)
    : state_(of_node(state)), mark_(mark), seen_(state_.note(mark)) {}

Packed Packer::get(const std::vector<int64_t>& kernel, size_t floats,
                   const std::function<void(float*)>& pack) {
    if (seen_ == Seen::same) return state_.keep(kernel, mark_, floats, pack);
    Packed& packed = here_[kernel];  // a kernel that is being measured comes more than once
    if (!packed || seen_ == Seen::changed) {
        packed = std::make_shared<Scratch>(floats);
        pack(packed->data());
    }
    return packed;
}

void release(PackedFilters* packed) { delete packed; }

}  // namespace tt
