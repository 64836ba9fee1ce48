#section support_code

#include "pool2d.h"

#section support_code_struct

struct Forward {
    dnnl::pooling_forward::primitive_desc description;
    dnnl::pooling_forward primitive;
};
tt::Primitives<Forward>* primitives;

int APPLY_SPECIFIC(pool2d_forward)(PyArrayObject* images, PyArrayObject** output,
                                   PARAMS_TYPE* params) {
    return tt::guarded("pooling", [&] {
        const tt::Pooling pooling(params);
        const tt::dims image_shape = tt::shape_of(images);
        const tt::dims output_shape = pooling.output_shape(image_shape);
        pooling.check(image_shape, output_shape);
        tt::allocate(output, output_shape);
        if (tt::is_empty(output_shape)) return;

        const tt::Tensor source(images);
        Forward& forward = primitives->get(image_shape, [&] {
            const auto description =
                pooling.forward(dnnl::prop_kind::forward_inference,
                                tt::channels_last(image_shape), tt::channels_last(output_shape));
            return Forward{description, dnnl::pooling_forward(description)};
        });
        const dnnl::memory target(forward.description.dst_desc(), tt::engine(),
                                  PyArray_DATA(*output));
        const tt::WithoutLock unlocked;
        forward.primitive.execute(
            tt::stream(), {{DNNL_ARG_SRC, source.in_layout(forward.description.src_desc())},
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
