#section support_code

#include "conv2d.h"

#section support_code_struct

struct GradWeights {
    dnnl::convolution_backward_weights::primitive_desc description;
    dnnl::convolution_backward_weights primitive;
};
tt::Primitives<GradWeights>* primitives;

static GradWeights make(const tt::Geometry& geometry, const tt::dims& image,
                        const tt::dims& filters, const tt::dims& output) {
    dnnl::convolution_backward_weights::primitive_desc description(
        tt::engine(), dnnl::algorithm::convolution_direct, tt::channels_last(image),
        tt::any_filters(geometry.grouped(filters)), tt::channels_last(output), geometry.stride,
        geometry.gaps(), geometry.pad_before, geometry.pad_after,
        geometry.forward(image, filters, output));
    return {description, dnnl::convolution_backward_weights(description)};
}

int APPLY_SPECIFIC(conv2d_grad_weights)(PyArrayObject* images, PyArrayObject* gradient,
                                        PyArrayObject* filter_size, PyArrayObject** output,
                                        PARAMS_TYPE* params) {
    return tt::guarded("gradient of a convolution by its weights", [&] {
        const tt::dims image_shape = tt::shape_of(images);
        const tt::dims gradient_shape = tt::shape_of(gradient);
        const tt::dims size{*(npy_int64*)PyArray_GETPTR1(filter_size, 0),
                            *(npy_int64*)PyArray_GETPTR1(filter_size, 1)};
        const tt::Geometry geometry(params, size);
        const tt::dims filter_shape{gradient_shape[1], image_shape[1] / geometry.groups, size[0],
                                    size[1]};
        if (image_shape[0] != gradient_shape[0])
            throw std::invalid_argument("a batch of " + std::to_string(image_shape[0]) +
                                        " images and one of " +
                                        std::to_string(gradient_shape[0]) + " gradients");
        geometry.check(image_shape, filter_shape, gradient_shape);
        tt::allocate(output, filter_shape, /*last=*/false);
        if (tt::is_empty(filter_shape)) return;
        if (tt::is_empty(image_shape) || tt::is_empty(gradient_shape))
            return tt::fill(*output, 0.f);

        const tt::Tensor source(images), slope(gradient);
        std::vector<int64_t> key(image_shape);
        tt::append(key, filter_shape);
        GradWeights& backward = primitives->get(
            key, [&] { return make(geometry, image_shape, filter_shape, gradient_shape); });
        dnnl::memory target(
            tt::desc(geometry.grouped(filter_shape), tt::f32, tt::tag::goihw), tt::engine(),
            PyArray_DATA(*output));
        const tt::WithoutLock unlocked;
        const tt::desc chosen = backward.description.diff_weights_desc();
        dnnl::memory result =
            chosen == target.get_desc() ? target : dnnl::memory(chosen, tt::engine());
        backward.primitive.execute(
            tt::stream(), {{DNNL_ARG_SRC, source.in_layout(backward.description.src_desc())},
                           {DNNL_ARG_DIFF_DST, slope.in_layout(backward.description.diff_dst_desc())},
                           {DNNL_ARG_DIFF_WEIGHTS, result}});
        if (result != target) dnnl::reorder(result, target).execute(tt::stream(), result, target);
        tt::stream().wait();
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<GradWeights>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
