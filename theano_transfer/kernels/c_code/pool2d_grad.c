#section support_code

#include "pool2d.h"

#section support_code_struct

// The gradient of a maximum needs to know where it was found: the forward pass is repeated, which
// costs less than keeping the positions of every window in memory between the passes.
struct Backward {
    dnnl::pooling_forward::primitive_desc forward;
    dnnl::pooling_backward::primitive_desc backward;
    dnnl::pooling_forward find;
    dnnl::pooling_backward spread;
};
tt::Primitives<Backward>* primitives;

int APPLY_SPECIFIC(pool2d_grad)(PyArrayObject* images, PyArrayObject* gradient,
                                PyArrayObject** output, PARAMS_TYPE* params) {
    return tt::guarded("gradient of pooling", [&] {
        const tt::Pooling pooling(params);
        const tt::dims image_shape = tt::shape_of(images);
        const tt::dims gradient_shape = tt::shape_of(gradient);
        pooling.check(image_shape, gradient_shape);
        tt::allocate(output, image_shape);
        if (tt::is_empty(image_shape)) return;

        const tt::Tensor source(images), slope(gradient);
        const tt::desc image = tt::channels_last(image_shape);
        const tt::desc pooled = tt::channels_last(gradient_shape);
        Backward& made = primitives->get(image_shape, [&] {
            const auto forward =
                pooling.forward(dnnl::prop_kind::forward_training, image, pooled);
            const dnnl::pooling_backward::primitive_desc backward(
                tt::engine(), pooling.algorithm, image, pooled, pooling.stride, pooling.window,
                {0, 0}, pooling.pad_before, pooling.pad_end(image), forward);
            return Backward{forward, backward, dnnl::pooling_forward(forward),
                            dnnl::pooling_backward(backward)};
        });
        const dnnl::memory target(image, tt::engine(), PyArray_DATA(*output));
        const tt::WithoutLock unlocked;
        std::unordered_map<int, dnnl::memory> arguments{
            {DNNL_ARG_DIFF_DST, slope.in_layout(pooled)}, {DNNL_ARG_DIFF_SRC, target}};
        if (pooling.algorithm == dnnl::algorithm::pooling_max) {
            const dnnl::memory positions(made.forward.workspace_desc(), tt::engine());
            const dnnl::memory maxima(pooled, tt::engine());
            made.find.execute(tt::stream(), {{DNNL_ARG_SRC, source.in_layout(image)},
                                             {DNNL_ARG_DST, maxima},
                                             {DNNL_ARG_WORKSPACE, positions}});
            arguments[DNNL_ARG_WORKSPACE] = positions;
        }
        made.spread.execute(tt::stream(), arguments);
        tt::stream().wait();
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<Backward>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
