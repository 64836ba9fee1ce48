// Convolution with filters of 3x3, stride 1, by minimal filtering: F(4x4, 3x3), and F(2x2, 3x3) of
// bfloat16.
//
// A tile of 4x4 outputs depends on 6x6 inputs d and 3x3 weights g:
//     Y = A^T [(G g G^T) * (B^T d B)] A
// with * elementwise: 36 products instead of 144. Over channels, each of the 36 positions is a
// product of matrices (tiles x in) (in x out). Lavin and Gray, 2015,
// https://arxiv.org/abs/1509.09308.
//
// Inputs and filters are transformed in the cache, a block of tiles and of channels at a time. All
// transformed filters of a network would be four times as large as the filters themselves; to
// transform them again for each block takes a few percent of the time.
#pragma once

#include <cstddef>

#include "plane.h"

namespace tt {

// `in` and `out` must be multiples of the lanes of a vector.
bool winograd_takes(int64_t in, int64_t out);

// `Number`, here and below: what the images are made of, float or bfloat16.
//
// Filters (out, in, 3, 3), or (in, out, 3, 3) turned around where `transposed`; each output's are
// multiplied by its `scale` unless that is null. Packed, those of `tile_columns` outputs lie side
// by side; for bfloat16 they are transformed, too. Sizes are in floats.
template <typename Number>
size_t winograd_packed_size(int64_t in, int64_t out);
template <typename Number>
void winograd_pack(const float* filters, int64_t in, int64_t out, bool transposed,
                   const float* scale, float* packed);

template <typename Number>
void winograd_convolve(const Plane&, const Number* images, const float* packed,
                       const Finish<Number>&, Number* output);

// `gradient` by the outputs; writes (out, in, 3, 3).
void winograd_grad_filters(const Plane&, const float* images, const float* gradient,
                           float* filters);

}  // namespace tt
