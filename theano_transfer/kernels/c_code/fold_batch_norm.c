#section support_code

#include <cmath>

#include "batch_norm.h"

#section support_code_struct

int APPLY_SPECIFIC(fold_batch_norm)(PyArrayObject* filters, PyArrayObject* gamma,
                                    PyArrayObject* beta, PyArrayObject* mean, PyArrayObject* var,
                                    PyArrayObject* epsilon, PyArrayObject* bias,
                                    PyArrayObject** folded, PyArrayObject** shift) {
    return tt::guarded("folding of batch normalisation", [&] {
        const tt::dims shape = tt::shape_of(filters);
        for (PyArrayObject* vector : {gamma, beta, mean, var, bias})
            if (vector != nullptr && PyArray_DIM(vector, 0) != shape[0])
                throw std::invalid_argument(std::to_string(shape[0]) + " filters and " +
                                            std::to_string(PyArray_DIM(vector, 0)) +
                                            " normalised channels");
        tt::allocate(folded, shape, /*last=*/false);
        tt::allocate_vector(shift, shape[0]);
        if (tt::is_empty(shape)) return;
        const tt::Contiguous source(filters);
        const int64_t size = shape[1] * shape[2] * shape[3];
        const auto at = [](PyArrayObject* vector, int64_t i) {
            return *(const float*)PyArray_GETPTR1(vector, i);
        };
        for (int64_t o = 0; o < shape[0]; ++o) {
            const float scale = at(gamma, o) / std::sqrt(at(var, o) + tt::scalar(epsilon));
            const float* from = source.data() + o * size;
            float* to = (float*)PyArray_DATA(*folded) + o * size;
            for (int64_t i = 0; i < size; ++i) to[i] = from[i] * scale;
            const float offset = bias == nullptr ? 0.f : at(bias, o);
            ((float*)PyArray_DATA(*shift))[o] = at(beta, o) + (offset - at(mean, o)) * scale;
        }
    });
}
