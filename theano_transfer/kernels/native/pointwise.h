// Convolution with filters of 1x1: a product of matrices, (pixels x in) (in x out).
#pragma once

#include <cstddef>

#include "plane.h"

namespace tt {

// `out` must be a multiple of the lanes of a vector.
bool pointwise_takes(int64_t out);

// Filters (out, in), each output's multiplied by its `scale` unless that is null.
size_t pointwise_packed_size(int64_t in, int64_t out);
void pointwise_pack(const float* filters, int64_t in, int64_t out, const float* scale,
                    float* packed);

// Of every `row_stride`th row, every `column_stride`th pixel. The output may be the residual.
void pointwise_convolve(const Plane&, int64_t row_stride, int64_t column_stride,
                        const float* images, const float* packed, const Finish<float>&, float* output);

}  // namespace tt
