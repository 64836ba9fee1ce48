// Batch normalisation of (batch, channel, row, column) over all axes but the channels.
#pragma once

#include "onednn.h"

namespace tt {

inline const auto affine =
    dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

// A primitive depends on epsilon too, which comes as data: its bits become part of the key.
inline std::vector<int64_t> key_of(const dims& shape, float epsilon) {
    std::vector<int64_t> key(shape);
    key.push_back((int64_t)(double(epsilon) * 1e15));
    return key;
}

inline float scalar(PyArrayObject* array) { return *(float*)PyArray_DATA(array); }

inline void check_channels(const dims& image, std::initializer_list<PyArrayObject*> vectors) {
    for (PyArrayObject* vector : vectors)
        if (PyArray_DIM(vector, 0) != image[1])
            throw std::invalid_argument("the images have " + std::to_string(image[1]) +
                                        " channels, a parameter has " +
                                        std::to_string(PyArray_DIM(vector, 0)));
}

}  // namespace tt
