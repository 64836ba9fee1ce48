// Blocks of narrow networks in one pass: a 1x1 convolution that widens, a depthwise one, and a
// 1x1 convolution that narrows again (the inverted residual of MobileNetV2), or the last two of
// them (the depthwise separable convolution of MobileNet).
//
// One by one, each of the three waits for memory: the wide images between them, six times the
// size of what comes in, are written once and read once, and little is computed with them. Here
// a few of their rows at a time exist, in the cache.
#pragma once

#include <cstddef>

#include "plane.h"

namespace tt {

struct DepthwiseBlock {
    bool widens;                           // otherwise `in` is `middle`
    int64_t batch, rows, columns, in;      // of the images
    int64_t middle;                        // channels of the depthwise convolution
    int64_t out, out_rows, out_columns;    // of the outputs
    int64_t window, stride;                // of the depthwise convolution, rows as columns
    int64_t pad_top, pad_left;

    template <typename Number>
    bool is_taken() const;  // whether depthwise_block can do it
};

// What happens to the results of one of the convolutions.
struct Ending {
    const float* shift;  // (channels,)
    Bounds bounds;       // of the activation
};

// Filters (middle, in, 1, 1), (middle, 1, window, window) and (out, middle, 1, 1), each in C order;
// each output's are multiplied by its `scale` unless that is null.
struct BlockFilters {
    const float *widen, *depthwise, *narrow;
};
// `Number`, here and below: what images, residual and output are made of, float or bfloat16. Sizes
// are in floats.
template <typename Number>
size_t depthwise_block_packed_size(const DepthwiseBlock&);
template <typename Number>
void depthwise_block_pack(const DepthwiseBlock&, const BlockFilters& filters,
                          const BlockFilters& scale, float* packed);

// Images, residual (may be null) and output are channels-last; the output is none of the others.
template <typename Number>
void depthwise_block(const DepthwiseBlock&, const Number* images, const float* packed,
                     const Ending& widened, const Ending& filtered, const Ending& narrowed,
                     const Number* residual, Number* output);

}  // namespace tt
