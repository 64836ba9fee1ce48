#section support_code

#include "batch_norm.h"

#section support_code_struct

struct Forward {
    dnnl::batch_normalization_forward::primitive_desc description;
    dnnl::batch_normalization_forward primitive;
};
tt::Primitives<Forward>* primitives;

int APPLY_SPECIFIC(batch_norm_inference)(PyArrayObject* images, PyArrayObject* gamma,
                                         PyArrayObject* beta, PyArrayObject* mean,
                                         PyArrayObject* var, PyArrayObject* epsilon,
                                         PyArrayObject** output) {
    return tt::guarded("batch normalisation", [&] {
        const tt::dims shape = tt::shape_of(images);
        tt::check_channels(shape, {gamma, beta, mean, var});
        tt::allocate(output, shape);
        if (tt::is_empty(shape)) return;

        const tt::Tensor source(images);
        const tt::Vector scale(gamma), shift(beta), centre(mean), spread(var);
        const tt::desc layout = tt::channels_last(shape);
        Forward& forward = primitives->get(tt::key_of(shape, tt::scalar(epsilon)), [&] {
            const dnnl::batch_normalization_forward::primitive_desc description(
                tt::engine(), dnnl::prop_kind::forward_inference, layout, layout,
                tt::scalar(epsilon), tt::affine | dnnl::normalization_flags::use_global_stats);
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
