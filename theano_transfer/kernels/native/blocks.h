// Large pieces of memory that are kept and given out again.
//
// A compiled function frees each intermediate result after its last use and asks for the same
// sizes again a moment later. Returned to the system, each would come back as pages to be zeroed,
// which takes as long as a cheap layer.
#pragma once

#include <cstddef>

namespace tt {

void* take_block(size_t bytes);
void give_block(void* block);

// Memory for the length of one call.
class Scratch {
  public:
    explicit Scratch(size_t floats) : data_((float*)take_block(floats * sizeof(float))) {}
    ~Scratch() { give_block(data_); }
    Scratch(const Scratch&) = delete;
    float* data() const { return data_; }

  private:
    float* data_;
};

}  // namespace tt
