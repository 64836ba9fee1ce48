// Convolution with filters of 1x1: a product of matrices, (pixels x in) (in x out).
#pragma once

#include <cstddef>

#include "plane.h"

namespace tt {

// `Number`, here and below: what images, residuals and outputs are made of, float or bfloat16.
// `out` must be a multiple of the lanes of a vector, `in` of the numbers in a float's place.
template <typename Number>
bool pointwise_takes(int64_t in, int64_t out);

// Filters (out, in), each output's multiplied by its `scale` unless that is null. Sizes are in
// floats.
template <typename Number>
size_t pointwise_packed_size(int64_t in, int64_t out);
template <typename Number>
void pointwise_pack(const float* filters, int64_t in, int64_t out, const float* scale,
                    float* packed);

// Of every `row_stride`th row, every `column_stride`th pixel. The output may be the residual.
template <typename Number>
void pointwise_convolve(const Plane&, int64_t row_stride, int64_t column_stride,
                        const Number* images, const float* packed, const Finish<Number>&,
                        Number* output);

}  // namespace tt
