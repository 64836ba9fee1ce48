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

// The numbers of a vector, one for each of `out` filters, side by side.
class Numbers {
  public:
    Numbers(PyArrayObject* vector, int64_t out) : data_((const float*)PyArray_DATA(vector)) {
        if (PyArray_DIM(vector, 0) != out)
            throw std::invalid_argument(std::to_string(PyArray_DIM(vector, 0)) +
                                        " biases or normalised channels for " +
                                        std::to_string(out) + " filters");
        const npy_intp step = PyArray_STRIDE(vector, 0);
        if (step == sizeof(float)) return;
        copy_.resize(out);
        for (int64_t o = 0; o < out; ++o)
            copy_[o] = *(const float*)(PyArray_BYTES(vector) + o * step);
        data_ = copy_.data();
    }
    Numbers(const Numbers&) = delete;
    const float* data() const { return data_; }

  private:
    std::vector<float> copy_;
    const float* data_;
};

// A stored normalisation as what it multiplies the filters by and adds to the output.
struct Folded {
    std::vector<float> scale, shift;

    Folded(const Normalisation* n, PyArrayObject* bias, int64_t out) {
        if (bias != nullptr) {
            const Numbers b(bias, out);
            shift.assign(b.data(), b.data() + out);
        }
        if (n == nullptr) return;
        const Numbers gamma(n->gamma, out), beta(n->beta, out), mean(n->mean, out),
            var(n->var, out);
        scale.resize(out);
        shift.resize(out);
        fold(out, gamma.data(), beta.data(), mean.data(), var.data(),
             *(const float*)PyArray_DATA(n->epsilon), scale.data(), shift.data());
    }
    const float* scales() const { return scale.empty() ? nullptr : scale.data(); }
    const float* shifts() const { return shift.empty() ? nullptr : shift.data(); }

    uint64_t fingerprint() const { return tt::fingerprint(scale.data(), scale.size()); }

  private:
    static void fold(int64_t out, const float* gamma, const float* beta, const float* mean,
                     const float* var, float epsilon, float* __restrict scale,
                     float* __restrict shift) {
        for (int64_t o = 0; o < out; ++o) {
            scale[o] = gamma[o] / std::sqrt(var[o] + epsilon);
            shift[o] = beta[o] + (shift[o] - mean[o]) * scale[o];
        }
    }
};

}  // namespace tt
