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

struct Normalisation {
    dnnl::batch_normalization_forward::primitive_desc description;
    dnnl::batch_normalization_forward primitive;
};

// Normalises `source` into `output`. With `use_global_stats` among the flags, `mean` and `var` are
// read, otherwise written.
inline void normalise(Primitives<Normalisation>& primitives, dnnl::prop_kind kind,
                      dnnl::normalization_flags flags, const Tensor& source, const Vector& gamma,
                      const Vector& beta, const Vector& mean, const Vector& var, float epsilon,
                      PyArrayObject* output) {
    const desc layout = channels_last(source.shape());
    Normalisation& made = primitives.get(key_of(source.shape(), epsilon), [&] {
        const dnnl::batch_normalization_forward::primitive_desc description(
            engine(), kind, layout, layout, epsilon, flags);
        return Normalisation{description, dnnl::batch_normalization_forward(description)};
    });
    const dnnl::memory target(layout, engine(), PyArray_DATA(output));
    const WithoutLock unlocked;
    made.primitive.execute(stream(), {{DNNL_ARG_SRC, source.in_layout(layout)},
                                      {DNNL_ARG_MEAN, mean.memory()},
                                      {DNNL_ARG_VARIANCE, var.memory()},
                                      {DNNL_ARG_SCALE, gamma.memory()},
                                      {DNNL_ARG_SHIFT, beta.memory()},
                                      {DNNL_ARG_DST, target}});
    stream().wait();
}

inline void check_channels(const dims& image, std::initializer_list<PyArrayObject*> vectors) {
    for (PyArrayObject* vector : vectors)
        if (PyArray_DIM(vector, 0) != image[1])
            throw std::invalid_argument("the images have " + std::to_string(image[1]) +
                                        " channels, a parameter has " +
                                        std::to_string(PyArray_DIM(vector, 0)));
}

}  // namespace tt
