// Maximum and average pooling, and their gradient, by oneDNN.
#include "pooling.h"

#include <list>

namespace tt {
namespace {

struct Forward {
    dnnl::pooling_forward::primitive_desc description;
    dnnl::pooling_forward primitive;
};

// The gradient of a maximum needs to know where it was found: the forward pass is repeated, which
// costs less than keeping the positions of every window in memory between the passes.
struct Backward {
    dnnl::pooling_forward::primitive_desc forward;
    dnnl::pooling_backward::primitive_desc backward;
    dnnl::pooling_forward find;
    dnnl::pooling_backward spread;
};

}  // namespace

int pool(const PoolingParams& params, PyArrayObject* images, PyArrayObject** output) {
    return guarded("pooling", [&] {
        const Pooling pooling(params);
        const dims image_shape = shape_of(images);
        const dims output_shape = pooling.output_shape(image_shape);
        pooling.check(image_shape, output_shape);
        const data_type type = type_of(images);
        allocate(output, output_shape, /*last=*/true, type);
        if (is_empty(output_shape)) return;

        const Tensor source(images);
        static thread_local Primitives<Forward> primitives;
        std::vector<int64_t> key = pooling.key(image_shape);
        key.push_back((int64_t)type);
        Forward& forward = primitives.get(key, [&] {
            const auto description = pooling.forward(dnnl::prop_kind::forward_inference,
                                                     channels_last(image_shape, type),
                                                     channels_last(output_shape, type));
            return Forward{description, dnnl::pooling_forward(description)};
        });
        const dnnl::memory target(forward.description.dst_desc(), engine(), PyArray_DATA(*output));
        const WithoutLock unlocked;
        forward.primitive.execute(stream(),
                                  {{DNNL_ARG_SRC, source.in_layout(forward.description.src_desc())},
                                   {DNNL_ARG_DST, target}});
        stream().wait();
    });
}

int pool_grad(const PoolingParams& params, PyArrayObject* images, PyArrayObject* gradient,
              PyArrayObject** output) {
    return guarded("gradient of pooling", [&] {
        const Pooling pooling(params);
        const dims image_shape = shape_of(images), gradient_shape = shape_of(gradient);
        pooling.check(image_shape, gradient_shape);
        allocate(output, image_shape);
        if (is_empty(image_shape)) return;

        const Tensor source(images), slope(gradient);
        const desc image = channels_last(image_shape), pooled = channels_last(gradient_shape);
        static thread_local Primitives<Backward> primitives;
        Backward& made = primitives.get(pooling.key(image_shape), [&] {
            const auto forward = pooling.forward(dnnl::prop_kind::forward_training, image, pooled);
            const dnnl::pooling_backward::primitive_desc backward(
                engine(), pooling.algorithm, image, pooled, pooling.stride, pooling.window, {0, 0},
                pooling.pad_before, pooling.pad_end(image), forward);
            return Backward{forward, backward, dnnl::pooling_forward(forward),
                            dnnl::pooling_backward(backward)};
        });
        const dnnl::memory target(image, engine(), PyArray_DATA(*output));
        const WithoutLock unlocked;
        std::list<Scratch> rooms;
        std::unordered_map<int, dnnl::memory> arguments{
            {DNNL_ARG_DIFF_DST, slope.in_layout(pooled)}, {DNNL_ARG_DIFF_SRC, target}};
        if (pooling.algorithm == dnnl::algorithm::pooling_max) {
            const desc where = made.forward.workspace_desc();
            rooms.emplace_back((where.get_size() + 3) / 4);
            rooms.emplace_back(pooled.get_size() / 4);
            const dnnl::memory positions(where, engine(), rooms.front().data());
            const dnnl::memory maxima(pooled, engine(), rooms.back().data());
            made.find.execute(stream(), {{DNNL_ARG_SRC, source.in_layout(image)},
                                         {DNNL_ARG_DST, maxima},
                                         {DNNL_ARG_WORKSPACE, positions}});
            arguments[DNNL_ARG_WORKSPACE] = positions;
        }
        made.spread.execute(stream(), arguments);
        stream().wait();
    });
}

}  // namespace tt
