#section support_code

#include "batch_norm.h"

#section support_code_struct

tt::Primitives<tt::Normalisation>* primitives;

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
        tt::normalise(*primitives, dnnl::prop_kind::forward_inference,
                      tt::affine | dnnl::normalization_flags::use_global_stats, source,
                      scale, shift, centre, spread, tt::scalar(epsilon), *output);
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<tt::Normalisation>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
