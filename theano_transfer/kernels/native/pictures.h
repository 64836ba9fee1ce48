// Convolution of pictures: three channels, of which every second pixel of a row is the centre of a
// window. So most networks begin.
#pragma once

#include <cstddef>

#include "plane.h"

namespace tt {

struct PictureWindow {
    int64_t rows, columns, row_stride;
};

// `column_stride`: of the convolution, which must be 2.
bool pictures_taken(const Plane&, const PictureWindow&, int64_t column_stride);

// `Number`, here and below: what images and outputs are made of, float or bfloat16.
//
// Filters (out, 3, rows, columns), each output's multiplied by its `scale` unless that is null.
// Sizes are in floats.
template <typename Number>
size_t pictures_packed_size(const PictureWindow&, int64_t out);
template <typename Number>
void pictures_pack(const float* filters, const PictureWindow&, int64_t out, const float* scale,
                   float* packed);

// The finish has no residual.
template <typename Number>
void pictures_convolve(const Plane&, const PictureWindow&, const Number* images,
                       const float* packed, const Finish<Number>&, Number* output);

}  // namespace tt
