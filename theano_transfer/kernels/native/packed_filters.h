// Filters brought into the layout of a kernel once, and again when their values have changed.
#pragma once

#include <functional>

#include "arrays.h"

namespace tt {

// A number for the values and the shape of `array`, to tell whether they are still the same. All
// of it is read, which takes a hundredth of the convolution's time: values change in place, by
// updates and by whoever holds the array, and nothing else would notice.
uint64_t fingerprint(PyArrayObject* array);
uint64_t mixed(uint64_t a, uint64_t b);

// Filters that lie packed, for one call or for as long as their values stay.
using Packed = std::shared_ptr<Scratch>;

class PackedFilters {
  public:
    // Notes the filters' values (`mark`, their fingerprint). Returns whether they are others than
    // at the last call: training changes its filters at every step, and packs them for one call.
    bool changed(uint64_t mark);

    // The filters of these values for this kernel (`kernel`: its layout and shapes). `pack` writes
    // them where they are not at hand. All nodes share what they `keep`.
    Packed get(const std::vector<int64_t>& kernel, uint64_t mark, size_t floats, bool keep,
               const std::function<void(float*)>& pack);

  private:
    uint64_t mark_ = 0, held_key_ = 0;
    Packed held_;
};

}  // namespace tt
