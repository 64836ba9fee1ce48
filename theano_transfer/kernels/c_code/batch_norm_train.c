#section support_code

#include "batch_norm.h"

#section support_code_struct

struct Forward {
    dnnl::batch_normalization_forward::primitive_desc description;
    dnnl::batch_normalization_forward primitive;
};
tt::Primitives<Forward>* primitives;

int APPLY_SPECIFIC(batch_norm_train)(PyArrayObject* images, PyArrayObject* gamma,
                                     PyArrayObject* beta, PyArrayObject* epsilon,
                                     PyArrayObject** output, PyArrayObject** mean,
                                     PyArrayObject** var) {
    return tt::guarded("batch normalisation by batch statistics", [&] {
        const tt::dims shape = tt::shape_of(images);
        tt::check_channels(shape, {gamma, beta});
        tt::allocate(output, shape);
        tt::allocate_vector(mean, shape[1]);
        tt::allocate_vector(var, shape[1]);
        if (tt::is_empty(shape)) {  // statistics of nothing, as NumPy gives them
            tt::fill(*mean, std::numeric_limits<float>::quiet_NaN());
            tt::fill(*var, std::numeric_limits<float>::quiet_NaN());
            return;
        }
        const tt::Tensor source(images);
        const tt::Vector scale(gamma), shift(beta), centre(*mean), spread(*var);
        const tt::desc layout = tt::channels_last(shape);
        Forward& forward = primitives->get(tt::key_of(shape, tt::scalar(epsilon)), [&] {
            const dnnl::batch_normalization_forward::primitive_desc description(
                tt::engine(), dnnl::prop_kind::forward_training, layout, layout,
                tt::scalar(epsilon), tt::affine);
            return Forward{description, dnnl::batch_normalization_forward(description)};
        });
        const dnnl::memory target(layout, tt::engine(), PyArray_DATA(*output));
        const tt::WithoutLock unlocked;
        forward.primitive.execute(tt::stream(), {{DNNL_ARG_SRC, source.in_layout(layout)},
                                                 {DNNL_ARG_MEAN, centre.memory()},
                                                 {DNNL_ARG_VARIANCE, spread.memory()},
                                                 {DNNL_ARG_SCALE, scale.memory()},
                                                 {DNNL_ARG_SHIFT, shift.memory()},
                                                 {DNNL_ARG_DST, target}});
        tt::stream().wait();
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<Forward>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
