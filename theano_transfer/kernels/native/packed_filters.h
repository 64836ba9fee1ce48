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

// What a call finds about its filters.
enum class Seen { first, same, changed };

class PackedFilters {
  public:
    // Notes the filters' values (`mark`, their fingerprint), and says how they stand to those of
    // the last call.
    Seen note(uint64_t mark);

    // The filters of these values for this kernel (`kernel`: its layout and shapes), kept until
    // their values change; `pack` writes them where no node has them yet.
    Packed keep(const std::vector<int64_t>& kernel, uint64_t mark, size_t floats,
                const std::function<void(float*)>& pack);

  private:
    uint64_t mark_ = 0, held_key_ = 0;
    Packed held_;
};

}  // namespace tt
