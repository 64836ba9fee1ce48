// A convolution as the kernels see it: channels-last images, and what happens on the way out.
#pragma once

#include <limits>

#include "simd.h"

namespace tt {

struct Plane {
    int64_t batch, rows, columns, in;    // of the images
    int64_t out, out_rows, out_columns;  // of the outputs
    int64_t pad_top, pad_left;
};

// Between which values an activation keeps its results.
struct Bounds {
    float floor, ceiling;

    vec operator()(vec y) const { return smallest(largest(y, splat(floor)), splat(ceiling)); }
};
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr Bounds no_bounds{-infinity, infinity};

// What happens to an output before it is written; null pointers are left out.
template <typename Number>
struct Finish {
    const float* bias;       // (out,)
    const Number* residual;  // like the output
    Bounds bounds;           // of the activation

    // A vector of channels of one pixel, of which the first is number `channel` and lies `at`.
    vec operator()(vec y, int64_t channel, int64_t at) const {
        if (bias) y += load(bias + channel);
        if (residual) y += load(residual + at);
        return bounds(y);
    }
};

}  // namespace tt
