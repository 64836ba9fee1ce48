#section support_code

#include "conv2d.h"

#section support_code_struct

struct GradInputs {
    dnnl::convolution_backward_data::primitive_desc description;
    dnnl::convolution_backward_data primitive;
    dnnl::memory filters;
};
tt::Primitives<GradInputs>* primitives;

static GradInputs make(const tt::Geometry& geometry, const tt::dims& image,
                       const tt::dims& filters, const tt::dims& output) {
    dnnl::convolution_backward_data::primitive_desc description(
        tt::engine(), dnnl::algorithm::convolution_direct, tt::channels_last(image),
        tt::any_filters(geometry.grouped(filters)), tt::channels_last(output), geometry.stride,
        geometry.gaps(), geometry.pad_before, geometry.pad_after,
        geometry.forward(image, filters, output));
    return {description, dnnl::convolution_backward_data(description),
            dnnl::memory(description.weights_desc(), tt::engine())};
}

int APPLY_SPECIFIC(conv2d_grad_inputs)(PyArrayObject* filters, PyArrayObject* gradient,
                                       PyArrayObject* image_size, PyArrayObject** output,
                                       PARAMS_TYPE* params) {
    return tt::guarded("gradient of a convolution by its inputs", [&] {
        const tt::dims filter_shape = tt::shape_of(filters);
        const tt::dims gradient_shape = tt::shape_of(gradient);
        const tt::Geometry geometry(params, {filter_shape[2], filter_shape[3]});
        const tt::dims image_shape{gradient_shape[0], filter_shape[1] * geometry.groups,
                                   *(npy_int64*)PyArray_GETPTR1(image_size, 0),
                                   *(npy_int64*)PyArray_GETPTR1(image_size, 1)};
        geometry.check(image_shape, filter_shape, gradient_shape);
        tt::allocate(output, image_shape);
        if (tt::is_empty(image_shape)) return;
        if (tt::is_empty(gradient_shape)) return tt::fill(*output, 0.f);

        const tt::Tensor source(gradient);
        const tt::Contiguous weights(filters);
        std::vector<int64_t> key(image_shape);
        tt::append(key, filter_shape);
        GradInputs& backward = primitives->get(
            key, [&] { return make(geometry, image_shape, filter_shape, gradient_shape); });
        const dnnl::memory target(backward.description.diff_src_desc(), tt::engine(),
                                  PyArray_DATA(*output));
        const tt::WithoutLock unlocked;
        tt::reorder_filters(weights, geometry.grouped(filter_shape), backward.filters);
        backward.primitive.execute(
            tt::stream(),
            {{DNNL_ARG_DIFF_DST, source.in_layout(backward.description.diff_dst_desc())},
             {DNNL_ARG_WEIGHTS, backward.filters},
             {DNNL_ARG_DIFF_SRC, target}});
        tt::stream().wait();
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<GradInputs>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
