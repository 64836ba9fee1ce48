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
        if (bias != nullptr) shift = numbers(bias, out);
        if (n == nullptr) return;
        const auto gamma = numbers(n->gamma, out), beta = numbers(n->beta, out),
                   mean = numbers(n->mean, out), var = numbers(n->var, out);
        const float epsilon = *(const float*)PyArray_DATA(n->epsilon);
        shift.resize(out);
        scale.resize(out);
        for (int64_t o = 0; o < out; ++o) {
            scale[o] = gamma[o] / std::sqrt(var[o] + epsilon);
            shift[o] = beta[o] + (shift[o] - mean[o]) * scale[o];
        }
    }
    const float* scales() const { return scale.empty() ? nullptr : scale.data(); }
    const float* shifts() const { return shift.empty() ? nullptr : shift.data(); }

    uint64_t fingerprint() const { return tt::fingerprint(scale.data(), scale.size()); }

  private:
    // One for each of `out` filters.
    static std::vector<float> numbers(PyArrayObject* vector, int64_t out) {
        if (PyArray_DIM(vector, 0) != out)
            throw std::invalid_argument(std::to_string(PyArray_DIM(vector, 0)) +
                                        " biases or normalised channels for " +
                                        std::to_string(out) + " filters");
        const char* from = PyArray_BYTES(vector);
        std::vector<float> result(out);
        for (float& number : result) {
            number = *(const float*)from;
            from += PyArray_STRIDE(vector, 0);
        }
        return result;
    }
};

}  // namespace tt
