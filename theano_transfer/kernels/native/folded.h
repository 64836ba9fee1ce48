// What stands behind a convolution as numbers for each of its channels.
#pragma once

#include <cmath>

#include "arrays.h"
#include "kernels.h"
#include "packed_filters.h"
#include "plane.h"

namespace tt {

inline Bounds bounds_of(Activation activation) {
    if (activation == none) return no_bounds;
    return {0.f, activation == relu6 ? 6.f : infinity};
}

// A stored normalisation as what it multiplies the filters by and adds to the output.
struct Folded {
    std::vector<float> scale, shift;

    Folded(const Normalisation* n, PyArrayObject* bias, int64_t out) {
        const auto at = [](PyArrayObject* vector, int64_t i) {
            return *(const float*)PyArray_GETPTR1(vector, i);
        };
        for (PyArrayObject* vector : {bias, n ? n->gamma : nullptr, n ? n->beta : nullptr,
                                      n ? n->mean : nullptr, n ? n->var : nullptr})
            if (vector != nullptr && PyArray_DIM(vector, 0) != out)
                throw std::invalid_argument(std::to_string(PyArray_DIM(vector, 0)) +
                                            " biases or normalised channels for " +
                                            std::to_string(out) + " filters");
        if (bias == nullptr && n == nullptr) return;
        shift.resize(out);
        for (int64_t o = 0; o < out; ++o) shift[o] = bias ? at(bias, o) : 0.f;
        if (n == nullptr) return;
        const float epsilon = *(const float*)PyArray_DATA(n->epsilon);
        scale.resize(out);
        for (int64_t o = 0; o < out; ++o) {
            scale[o] = at(n->gamma, o) / std::sqrt(at(n->var, o) + epsilon);
            shift[o] = at(n->beta, o) + (shift[o] - at(n->mean, o)) * scale[o];
        }
    }
    const float* scales() const { return scale.empty() ? nullptr : scale.data(); }
    const float* shifts() const { return shift.empty() ? nullptr : shift.data(); }

    uint64_t fingerprint() const {
        uint64_t result = scale.size();
        for (float s : scale) {
            uint32_t bits;
            std::memcpy(&bits, &s, sizeof bits);
            result = mixed(result, bits);
        }
        return result;
    }
};

}  // namespace tt
