#include "blocks.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>

namespace tt {
namespace {

constexpr size_t alignment = 64, page = size_t(2) << 20;
// What lies idle is given back above this part of what is in use at the most.
constexpr double idle_part = 0.5;

struct Header {
    size_t bytes;
};

std::mutex guard;
std::multimap<size_t, void*> idle;  // by size
size_t idle_bytes = 0, used_bytes = 0, most_used = 0;

size_t rounded(size_t bytes) {
    const size_t grain = bytes < page ? 4096 : page / 4;
    return (bytes + alignment + grain - 1) / grain * grain;
}

void trim() {
    while (!idle.empty() && idle_bytes > idle_part * most_used + page) {
        const auto smallest = idle.begin();
        idle_bytes -= smallest->first;
        free(smallest->second);
        idle.erase(smallest);
    }
}

}  // namespace

void* take_block(size_t bytes) {
    const size_t wanted = rounded(bytes);
    void* raw = nullptr;
    size_t size = wanted;
    {
        const std::lock_guard<std::mutex> held(guard);
        const auto found = idle.lower_bound(wanted);
        if (found != idle.end() && found->first <= wanted + wanted / 4) {
            size = found->first;
            raw = found->second;
            idle.erase(found);
            idle_bytes -= size;
        }
        used_bytes += size;
        if (used_bytes > most_used) most_used = used_bytes;
    }
    if (raw == nullptr) {
        raw = aligned_alloc(size < page ? alignment : page, size < page ? size : (size + page - 1) / page * page);
        if (raw == nullptr) throw std::bad_alloc();
        if (size >= page) madvise(raw, size, MADV_HUGEPAGE);
    }
    ((Header*)raw)->bytes = size;
    return (char*)raw + alignment;
}

void give_block(void* block) {
    void* raw = (char*)block - alignment;
    const size_t size = ((Header*)raw)->bytes;
    const std::lock_guard<std::mutex> held(guard);
    used_bytes -= size;
    idle.emplace(size, raw);
    idle_bytes += size;
    trim();
}

}  // namespace tt
