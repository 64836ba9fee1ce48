#section support_code

#include "batch_norm.h"

#section support_code_struct

struct Backward {
    dnnl::batch_normalization_backward::primitive_desc description;
    dnnl::batch_normalization_backward primitive;
};
tt::Primitives<Backward>* primitives;

int APPLY_SPECIFIC(batch_norm_train_grad)(PyArrayObject* images, PyArrayObject* gradient,
                                          PyArrayObject* gamma, PyArrayObject* mean,
                                          PyArrayObject* var, PyArrayObject* epsilon,
                                          PyArrayObject** by_images, PyArrayObject** by_gamma,
                                          PyArrayObject** by_beta) {
    return tt::guarded("gradient of batch normalisation", [&] {
        const tt::dims shape = tt::shape_of(images);
        tt::check_channels(shape, {gamma, mean, var});
        if (tt::shape_of(gradient) != shape)
            throw std::invalid_argument("the gradient does not have the shape of the output");
        tt::allocate(by_images, shape);
        tt::allocate_vector(by_gamma, shape[1]);
        tt::allocate_vector(by_beta, shape[1]);
        if (tt::is_empty(shape)) {
            tt::fill(*by_gamma, 0.f);
            tt::fill(*by_beta, 0.f);
            return;
        }
        const tt::Tensor source(images), slope(gradient);
        const tt::Vector scale(gamma), centre(mean), spread(var);
        const tt::Vector scale_slope(*by_gamma), shift_slope(*by_beta);
        const tt::desc layout = tt::channels_last(shape);
        Backward& backward = primitives->get(tt::key_of(shape, tt::scalar(epsilon)), [&] {
            const dnnl::batch_normalization_forward::primitive_desc forward(
                tt::engine(), dnnl::prop_kind::forward_training, layout, layout,
                tt::scalar(epsilon), tt::affine);
            const dnnl::batch_normalization_backward::primitive_desc description(
                tt::engine(), dnnl::prop_kind::backward, layout, layout, layout,
                tt::scalar(epsilon), tt::affine, forward);
            return Backward{description, dnnl::batch_normalization_backward(description)};
        });
        const dnnl::memory target(layout, tt::engine(), PyArray_DATA(*by_images));
        const tt::WithoutLock unlocked;
        backward.primitive.execute(tt::stream(), {{DNNL_ARG_SRC, source.in_layout(layout)},
                                                  {DNNL_ARG_DIFF_DST, slope.in_layout(layout)},
                                                  {DNNL_ARG_MEAN, centre.memory()},
                                                  {DNNL_ARG_VARIANCE, spread.memory()},
                                                  {DNNL_ARG_SCALE, scale.memory()},
                                                  {DNNL_ARG_DIFF_SRC, target},
                                                  {DNNL_ARG_DIFF_SCALE, scale_slope.memory()},
                                                  {DNNL_ARG_DIFF_SHIFT, shift_slope.memory()}});
        tt::stream().wait();
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<Backward>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
