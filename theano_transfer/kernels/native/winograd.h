// Convolution with filters of 3x3, stride 1, by minimal filtering: F(4x4, 3x3).
//
// A tile of 4x4 outputs depends on 6x6 inputs d and 3x3 weights g:
//     Y = A^T [(G g G^T) * (B^T d B)] A
// with * elementwise: 36 products instead of 144. Over channels, each of the 36 positions is a
// product of matrices (tiles x in) (in x out). Lavin and Gray, 2015,
// https://arxiv.org/abs/1509.09308.
#pragma once

#include <cstddef>

#include "plane.h"

namespace tt {

// `in` and `out` must be multiples of the lanes of a vector.
bool winograd_takes(int64_t in, int64_t out);

// Filters (out, in, 3, 3), or (in, out, 3, 3) turned around where `transposed`, whose element
// (o, i) starts at `filters + o * out_step + i * in_step`; each output's are multiplied by its
// `scale` unless that is null.
size_t winograd_packed_size(int64_t in, int64_t out);
void winograd_pack(const float* filters, int64_t in, int64_t out, bool transposed,
                   const float* scale, float* packed);

// `Number`: float or bfloat16.
template <typename Number>
void winograd_convolve(const Plane&, const Number* images, const float* packed,
                       const Finish<Number>&, Number* output);

// `gradient` by the outputs; writes (out, in, 3, 3).
void winograd_grad_filters(const Plane&, const float* images, const float* gradient,
                           float* filters);

}  // namespace tt
