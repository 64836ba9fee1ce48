#section support_code

#include "batch_norm.h"

#section support_code_struct

tt::Primitives<tt::Normalisation>* primitives;

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
        tt::normalise(*primitives, dnnl::prop_kind::forward_training,
                      tt::affine, source,
                      scale, shift, centre, spread, tt::scalar(epsilon), *output);
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<tt::Normalisation>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
