// Filters brought into the layout of a kernel once, and again when their values have changed.
#pragma once

#include <functional>

#include "arrays.h"

namespace tt {

// A number for the values and the shape of `array`, to tell whether they are still the same. All
// of it is read, which takes a hundredth of the convolution's time: values change in place, by
// updates and by whoever holds the array, and nothing else would notice.
uint64_t fingerprint(PyArrayObject* array);
uint64_t fingerprint(const float* values, size_t count);
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

// Filters of one Apply node, during one call, for the kernels that may want them.
//
// From the second call with the same values (the same `mark`) on they are kept. Training changes
// its filters at every step: those are packed for one call, and take no memory in between.
class Packer {
  public:
    Packer(PackedFilters** state, uint64_t mark);

    // Whether packing is no part of what a kernel costs.
    bool prepares() const { return seen_ != Seen::changed; }

    // The filters for `kernel` (its layout and shapes), which `pack` writes.
    Packed get(const std::vector<int64_t>& kernel, size_t floats,
               const std::function<void(float*)>& pack);

  private:
    PackedFilters& state_;
    uint64_t mark_;
    Seen seen_;
    std::map<std::vector<int64_t>, Packed> here_;
};

}  // namespace tt
