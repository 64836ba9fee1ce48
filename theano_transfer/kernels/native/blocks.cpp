#include "blocks.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>

namespace tt {
namespace {

constexpr size_t alignment = 64, page = 4096, huge_page = size_t(2) << 20;
constexpr size_t small = 16 * page;       // up to here the system's allocator does well
constexpr size_t arena = 4 * huge_page;   // the least that is asked of the system at once

// In front of what a caller gets, in `alignment` bytes.
struct Header {
    size_t bytes;  // of the whole piece; 0: from the system's allocator
};

// What is free, by address; neighbours are merged. Memory stays with the process: its size is that
// of the most that was in use at once, and a little for gaps.
std::mutex guard;
std::map<char*, size_t> idle;

size_t rounded(size_t bytes, size_t grain) { return (bytes + grain - 1) / grain * grain; }

std::map<char*, size_t>::iterator insert_idle(char* start, size_t bytes) {
    auto piece = idle.emplace(start, bytes).first;
    const auto next = std::next(piece);
    if (next != idle.end() && start + bytes == next->first) {
        piece->second += next->second;
        idle.erase(next);
    }
    if (piece != idle.begin()) {
        const auto before = std::prev(piece);
        if (before->first + before->second == piece->first) {
            before->second += piece->second;
            idle.erase(piece);
            return before;
        }
    }
    return piece;
}

// More memory from the system, in large pages where it has them.
std::map<char*, size_t>::iterator grow(size_t bytes) {
    const size_t size = rounded(bytes < arena ? arena : bytes, huge_page);
    void* fresh = mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh == MAP_FAILED) throw std::bad_alloc();
    char* start = (char*)rounded((uintptr_t)fresh, huge_page);
    madvise(start, size, MADV_HUGEPAGE);
    return insert_idle(start, size);
}

}  // namespace

void* take_block(size_t bytes) {
    if (bytes + alignment <= small) {
        char* start = (char*)aligned_alloc(alignment, rounded(bytes, alignment) + alignment);
        if (start == nullptr) throw std::bad_alloc();
        ((Header*)start)->bytes = 0;
        return start + alignment;
    }
    const size_t wanted = rounded(bytes + alignment, page);
    const std::lock_guard<std::mutex> held(guard);
    auto best = idle.end();
    for (auto piece = idle.begin(); piece != idle.end(); ++piece)
        if (piece->second >= wanted && (best == idle.end() || piece->second < best->second))
            best = piece;
    if (best == idle.end()) best = grow(wanted);
    char* start = best->first;
    const size_t rest = best->second - wanted;
    idle.erase(best);
    if (rest > 0) idle.emplace(start + wanted, rest);
    ((Header*)start)->bytes = wanted;
    return start + alignment;
}

void give_block(void* block) {
    char* start = (char*)block - alignment;
    const size_t bytes = ((Header*)start)->bytes;
    if (bytes == 0) return free(start);
    const std::lock_guard<std::mutex> held(guard);
    insert_idle(start, bytes);
}

}  // namespace tt
