#section support_code

#include "conv2d.h"

#section support_code_struct

struct Forward {
    dnnl::convolution_forward::primitive_desc description;
    dnnl::convolution_forward primitive;
    dnnl::memory filters;
};
tt::Primitives<Forward>* primitives;

static dnnl::primitive_attr fused(int64_t activation) {
    dnnl::post_ops after;
    if (activation == 1) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    if (activation == 2) after.append_eltwise(dnnl::algorithm::eltwise_clip_v2, 0.f, 6.f);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    return attributes;
}

static Forward make(const tt::Geometry& geometry, const tt::dims& image, const tt::dims& filters,
                    const tt::dims& output, bool has_bias, int64_t activation) {
    const auto bias = has_bias ? tt::desc({output[1]}, tt::f32, tt::tag::a) : tt::desc();
    dnnl::convolution_forward::primitive_desc description(
        tt::engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        tt::channels_last(image), tt::any_filters(geometry.grouped(filters)), bias,
        tt::channels_last(output), geometry.stride, geometry.gaps(), geometry.pad_before,
        geometry.pad_after, fused(activation));
    return {description, dnnl::convolution_forward(description),
            dnnl::memory(description.weights_desc(), tt::engine())};
}

int APPLY_SPECIFIC(conv2d_forward)(PyArrayObject* images, PyArrayObject* filters,
                                   PyArrayObject* bias, PyArrayObject** output,
                                   PARAMS_TYPE* params) {
    return tt::guarded("convolution", [&] {
        const tt::dims image_shape = tt::shape_of(images), filter_shape = tt::shape_of(filters);
        const tt::Geometry geometry(params, {filter_shape[2], filter_shape[3]});
        const tt::dims output_shape = geometry.output_shape(image_shape, filter_shape);
        geometry.check(image_shape, filter_shape, output_shape);
        if (bias != nullptr && PyArray_DIM(bias, 0) != output_shape[1])
            throw std::invalid_argument(std::to_string(PyArray_DIM(bias, 0)) + " biases for " +
                                        std::to_string(output_shape[1]) + " filters");
        tt::allocate(output, output_shape);
        if (tt::is_empty(output_shape)) return;

        const tt::Tensor source(images);
        const tt::Contiguous weights(filters);
        std::vector<int64_t> key(image_shape);
        tt::append(key, filter_shape);
        Forward& forward = primitives->get(key, [&] {
            return make(geometry, image_shape, filter_shape, output_shape, bias != nullptr,
                        params->activation);
        });
        std::unordered_map<int, dnnl::memory> arguments{
            {DNNL_ARG_WEIGHTS, forward.filters},
            {DNNL_ARG_DST, {forward.description.dst_desc(), tt::engine(), PyArray_DATA(*output)}}};
        std::unique_ptr<tt::Vector> added;
        if (bias != nullptr) {
            added = std::make_unique<tt::Vector>(bias);
            arguments[DNNL_ARG_BIAS] = added->memory();
        }
        const tt::WithoutLock unlocked;
        tt::reorder_filters(weights, geometry.grouped(filter_shape), forward.filters);
        arguments[DNNL_ARG_SRC] = source.in_layout(forward.description.src_desc());
        forward.primitive.execute(tt::stream(), arguments);
        tt::stream().wait();
    });
}

// Aesara fills the struct that this becomes part of with zeros, so it can only hold pointers.
#section init_code_struct

primitives = new tt::Primitives<Forward>();

#section cleanup_code_struct

delete primitives;
primitives = nullptr;
