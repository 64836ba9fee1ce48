// Convolution and its two gradients: which kernel does it, and what that needs.
#include "folded.h"
#include "geometry.h"
#include "pointwise.h"
#include "tuning.h"
#include "winograd.h"

namespace tt {
namespace {

using Arguments = std::unordered_map<int, dnnl::memory>;

// Filters in whatever layout the primitive likes best.
desc any_filters(const dims& grouped, data_type type = f32) {
    return desc(grouped, type, tag::any);
}
desc plain_filters(const dims& grouped) { return desc(grouped, f32, tag::goihw); }

struct Forward {
    dnnl::convolution_forward::primitive_desc description;
    dnnl::convolution_forward primitive;
};
struct GradInputs {
    dnnl::convolution_backward_data::primitive_desc description;
    dnnl::convolution_backward_data primitive;
};
struct GradFilters {
    dnnl::convolution_backward_weights::primitive_desc description;
    dnnl::convolution_backward_weights primitive;
};

constexpr auto direct = dnnl::algorithm::convolution_direct;

dnnl::convolution_forward::primitive_desc forward_description(
    dnnl::prop_kind kind, const Geometry& g, const dims& image, const dims& filters,
    const dims& output, bool has_bias, const dnnl::primitive_attr& attributes,
    data_type type = f32) {
    const auto bias = has_bias ? desc({output[1]}, f32, tag::a) : desc();
    return {engine(),
            kind,
            direct,
            channels_last(image, type),
            any_filters(g.grouped(filters), type),
            bias,
            channels_last(output, type),
            g.stride,
            g.gaps(),
            g.pad_before,
            g.pad_after,
            attributes};
}

// What both gradients have to be told of the convolution that they belong to.
dnnl::convolution_forward::primitive_desc hint(const Geometry& g, const dims& image,
                                               const dims& filters, const dims& output) {
    return forward_description(dnnl::prop_kind::forward_training, g, image, filters, output, false,
                               {});
}

enum class Residual : int64_t { none, elsewhere, in_place };

dnnl::primitive_attr fused(const dims& output, Residual residual, Activation activation,
                           data_type type) {
    dnnl::post_ops after;
    if (residual == Residual::elsewhere)
        after.append_binary(dnnl::algorithm::binary_add, channels_last(output, type));
    if (residual == Residual::in_place) after.append_sum();
    if (activation == relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    if (activation == relu6) after.append_eltwise(dnnl::algorithm::eltwise_clip_v2, 0.f, 6.f);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    return attributes;
}

std::vector<int64_t> key_of(const Geometry& geometry, const dims& image, const dims& filters,
                            std::initializer_list<int64_t> more = {}) {
    std::vector<int64_t> key(image);
    append(key, filters);
    geometry.append_to(key);
    key.insert(key.end(), more);
    return key;
}

Plane plane_of(const Geometry& g, const dims& image, const dims& output) {
    return {image[0],  image[2],        image[3],        image[1],    output[1],  output[2],
            output[3], g.pad_before[0], g.pad_before[1]};
}

constexpr Finish<float> as_it_is{nullptr, nullptr, no_bounds};

// Filters in the layout of an oneDNN primitive, each output's multiplied by its scale.
void pack_direct(const float* filters, const dims& grouped, const float* scale, const desc& layout,
                 float* packed) {
    const size_t size = grouped[2] * grouped[3] * grouped[4], count = grouped[0] * grouped[1];
    std::unique_ptr<Scratch> scaled;
    if (scale) {
        scaled = std::make_unique<Scratch>(count * size);
        for (size_t o = 0; o < count; ++o)
            for (size_t i = 0; i < size; ++i)
                scaled->data()[o * size + i] = scale[o] * filters[o * size + i];
        filters = scaled->data();
    }
    dnnl::memory source(plain_filters(grouped), engine(), (void*)filters);
    dnnl::memory target(layout, engine(), packed);
    dnnl::reorder(source, target).execute(stream(), source, target);
    stream().wait();
}

// Filters of a convolution for the kernels that may want them.
class FilterPacker : public Packer {
  public:
    FilterPacker(PackedFilters** state, PyArrayObject* filters, const Folded* folded)
        : Packer(state, mixed(fingerprint(filters), folded ? folded->fingerprint() : 0)),
          filters_(filters),
          scale_(folded ? folded->scales() : nullptr) {}

    // `transposed`: for the gradient by inputs.
    Packed for_winograd(bool transposed) {
        const dims shape = shape_of(filters_);
        const int64_t out = shape[transposed ? 1 : 0], in = shape[transposed ? 0 : 1];
        return get({1, transposed, in, out}, winograd_packed_size(in, out), [&](float* to) {
            winograd_pack(Contiguous(filters_).data(), in, out, transposed, scale_, to);
        });
    }

    template <typename Number>
    Packed for_pointwise() {
        const dims shape = shape_of(filters_);
        const size_t size = pointwise_packed_size<Number>(shape[1], shape[0]);
        return get({3, sizeof(Number)}, size, [&](float* to) {
            pointwise_pack<Number>(Contiguous(filters_).data(), shape[1], shape[0], scale_, to);
        });
    }

    Packed for_direct(const dims& grouped, const desc& layout, const std::vector<int64_t>& key) {
        std::vector<int64_t> kernel{0};
        append(kernel, key);
        return get(kernel, (layout.get_size() + 3) / 4, [&](float* to) {
            pack_direct(Contiguous(filters_).data(), grouped, scale_, layout, to);
        });
    }

  private:
    PyArrayObject* filters_;
    const float* scale_;
};

}  // namespace

int convolve(const ConvolutionParams& params, PackedFilters** state, PyArrayObject* images,
             PyArrayObject* filters, PyArrayObject* bias, const Normalisation* normalisation,
             PyArrayObject* residual, PyArrayObject** output) {
    return guarded("convolution", [&] {
        const dims image_shape = shape_of(images), filter_shape = shape_of(filters);
        const Geometry geometry(params, {filter_shape[2], filter_shape[3]});
        const dims output_shape = geometry.output_shape(image_shape, filter_shape);
        geometry.check(image_shape, filter_shape, output_shape);
        const Folded folded(normalisation, bias, output_shape[1]);
        if (residual != nullptr && shape_of(residual) != output_shape)
            throw std::invalid_argument("what is added has shape " +
                                        Geometry::text(shape_of(residual)) + ", the output " +
                                        Geometry::text(output_shape));
        const data_type type = type_of(images);
        const auto activation = (Activation)params.activation;
        FilterPacker packer(state, filters, &folded);
        const bool has_shift = folded.shifts() != nullptr;
        const auto key = key_of(geometry, image_shape, filter_shape,
                                {has_shift, residual != nullptr, activation, (int64_t)type});
        const Tensor source(images);
        const std::unique_ptr<Tensor> added(residual ? new Tensor(residual) : nullptr);
        const desc layout = channels_last(image_shape, type);
        const desc result = channels_last(output_shape, type);
        const Plane plane = plane_of(geometry, image_shape, output_shape);
        // Known once the output is there.
        dnnl::memory image, other;
        Residual place = Residual::none;
        void* to = nullptr;

        const auto run_direct = [&] {
            static thread_local Primitives<Forward> primitives;
            auto kind = key;
            kind.push_back((int64_t)place);
            Forward& forward = primitives.get(kind, [&] {
                const auto description = forward_description(
                    dnnl::prop_kind::forward_inference, geometry, image_shape, filter_shape,
                    output_shape, has_shift, fused(output_shape, place, activation, type),
                    type);
                return Forward{description, dnnl::convolution_forward(description)};
            });
            const desc wanted = forward.description.weights_desc();
            const Packed packed = packer.for_direct(geometry.grouped(filter_shape), wanted, key);
            Arguments arguments{{DNNL_ARG_SRC, image},
                                {DNNL_ARG_WEIGHTS, {wanted, engine(), packed->data()}},
                                {DNNL_ARG_DST, {result, engine(), to}}};
            if (has_shift)
                arguments[DNNL_ARG_BIAS] = {desc({output_shape[1]}, f32, tag::a), engine(),
                                            (void*)folded.shifts()};
            if (place == Residual::elsewhere)
                arguments[DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1] = other;
            forward.primitive.execute(stream(), arguments);
            stream().wait();
        };
        const auto from = [&](auto number) {
            return (const decltype(number)*)image.get_data_handle();
        };
        const auto finish = [&](auto number) {
            using Number = decltype(number);
            const void* const addend = added ? other.get_data_handle() : nullptr;
            return Finish<Number>{folded.shifts(), (const Number*)addend, bounds_of(activation)};
        };
        const auto run_winograd = [&](auto number) {
            winograd_convolve(plane, from(number), packer.for_winograd(false)->data(),
                              finish(number), (decltype(number)*)to);
        };
        const auto run_pointwise = [&](auto number) {
            using Number = decltype(number);
            const Packed packed = packer.for_pointwise<Number>();
            pointwise_convolve(plane, geometry.stride[0], geometry.stride[1], from(number),
                               packed->data(), finish(number), (Number*)to);
        };
        std::vector<Candidate> candidates{{"direct", run_direct}};
        if (geometry.is_plain_3x3(filter_shape) && winograd_takes(plane.in, plane.out))
            candidates.push_back({"winograd", [&] { for_number(type, run_winograd); }});
        const bool multiplies = for_number(type, [&](auto number) {
            return pointwise_takes<decltype(number)>(plane.in, plane.out);
        });
        if (geometry.is_pointwise(filter_shape) && multiplies)
            candidates.push_back({"pointwise", [&] { for_number(type, run_pointwise); }});

        const std::string name = "convolution";
        // Measuring runs the candidates many times: for that, the residual stays.
        const bool in_place = residual != nullptr && params.in_place &&
                              is_channels_last(residual) && PyArray_ISBEHAVED(residual) &&
                              is_known(name, packer.prepares(), key, candidates);
        if (in_place) {
            Py_INCREF(residual);
            Py_XDECREF(*output);
            *output = residual;
        } else {
            if (*output == residual) Py_CLEAR(*output);
            allocate(output, output_shape, /*last=*/true, type);
        }
        if (is_empty(output_shape)) return;
        to = PyArray_DATA(*output);
        if (residual) place = in_place ? Residual::in_place : Residual::elsewhere;

        const WithoutLock unlocked;
        image = source.in_layout(layout);
        if (added) other = added->in_layout(result);
        run_fastest(name, packer.prepares(), key, candidates);
    });
}

int convert(PyArrayObject* images, bool to_bfloat16, PyArrayObject** output) {
    return guarded("conversion", [&] {
        const dims shape = shape_of(images);
        const data_type type = to_bfloat16 ? data_type::bf16 : f32;
        allocate(output, shape, /*last=*/true, type);
        if (is_empty(shape)) return;
        const Tensor given(images);
        dnnl::memory source(given.layout(), engine(), given.data());
        dnnl::memory target(channels_last(shape, type), engine(), PyArray_DATA(*output));
        const WithoutLock unlocked;
        dnnl::reorder(source, target).execute(stream(), source, target);
        stream().wait();
    });
}

int convolve_grad_inputs(const ConvolutionParams& params, PackedFilters** state,
                         PyArrayObject* filters, PyArrayObject* gradient,
                         PyArrayObject* image_size, PyArrayObject** output) {
    return guarded("gradient of a convolution by its inputs", [&] {
        const dims filter_shape = shape_of(filters), gradient_shape = shape_of(gradient);
        const Geometry geometry(params, {filter_shape[2], filter_shape[3]});
        const dims image_shape{gradient_shape[0], filter_shape[1] * geometry.groups,
                               *(npy_int64*)PyArray_GETPTR1(image_size, 0),
                               *(npy_int64*)PyArray_GETPTR1(image_size, 1)};
        geometry.check(image_shape, filter_shape, gradient_shape);
        allocate(output, image_shape);
        if (is_empty(image_shape)) return;
        if (is_empty(gradient_shape)) return fill(*output, 0.f);

        const Tensor slope(gradient);
        FilterPacker packer(state, filters, nullptr);
        const desc layout = channels_last(image_shape), result = channels_last(gradient_shape);
        float* const to = (float*)PyArray_DATA(*output);
        const auto key = key_of(geometry, image_shape, filter_shape);

        const WithoutLock unlocked;
        const dnnl::memory from = slope.in_layout(result);

        const auto run_direct = [&] {
            static thread_local Primitives<GradInputs> primitives;
            GradInputs& backward = primitives.get(key, [&] {
                const dnnl::convolution_backward_data::primitive_desc description(
                    engine(), direct, layout, any_filters(geometry.grouped(filter_shape)), result,
                    geometry.stride, geometry.gaps(), geometry.pad_before, geometry.pad_after,
                    hint(geometry, image_shape, filter_shape, gradient_shape));
                return GradInputs{description, dnnl::convolution_backward_data(description)};
            });
            const desc wanted = backward.description.weights_desc();
            const Packed packed = packer.for_direct(geometry.grouped(filter_shape), wanted, key);
            backward.primitive.execute(stream(),
                                       {{DNNL_ARG_DIFF_DST, from},
                                        {DNNL_ARG_WEIGHTS, {wanted, engine(), packed->data()}},
                                        {DNNL_ARG_DIFF_SRC, {layout, engine(), to}}});
            stream().wait();
        };
        const float* const slopes = (const float*)from.get_data_handle();
        // With a stride of 1 it is a convolution of the gradient with filters turned around.
        Plane turned = plane_of(geometry, gradient_shape, image_shape);
        turned.pad_top = 2 - turned.pad_top;
        turned.pad_left = 2 - turned.pad_left;
        std::vector<Candidate> candidates{{"direct", run_direct}};
        if (geometry.is_plain_3x3(filter_shape) && winograd_takes(turned.in, turned.out))
            candidates.push_back({"winograd", [&] {
                winograd_convolve(turned, slopes, packer.for_winograd(true)->data(), as_it_is, to);
            }});
        run_fastest("gradient by inputs", packer.prepares(), key, candidates);
    });
}

int convolve_grad_weights(const ConvolutionParams& params, PyArrayObject* images,
                          PyArrayObject* gradient, PyArrayObject* filter_size,
                          PyArrayObject** output) {
    return guarded("gradient of a convolution by its weights", [&] {
        const dims image_shape = shape_of(images), gradient_shape = shape_of(gradient);
        const dims size{*(npy_int64*)PyArray_GETPTR1(filter_size, 0),
                        *(npy_int64*)PyArray_GETPTR1(filter_size, 1)};
        const Geometry geometry(params, size);
        const dims filter_shape{gradient_shape[1], image_shape[1] / geometry.groups, size[0],
                                size[1]};
        if (image_shape[0] != gradient_shape[0])
            throw std::invalid_argument("a batch of " + std::to_string(image_shape[0]) +
                                        " images and one of " + std::to_string(gradient_shape[0]) +
                                        " gradients");
        geometry.check(image_shape, filter_shape, gradient_shape);
        allocate(output, filter_shape, /*last=*/false);
        if (is_empty(filter_shape)) return;
        if (is_empty(image_shape) || is_empty(gradient_shape)) return fill(*output, 0.f);

        const Tensor source(images), slope(gradient);
        const desc layout = channels_last(image_shape), result = channels_last(gradient_shape);
        float* const to = (float*)PyArray_DATA(*output);
        const auto key = key_of(geometry, image_shape, filter_shape);

        const WithoutLock unlocked;
        const dnnl::memory image = source.in_layout(layout), from = slope.in_layout(result);

        const auto run_direct = [&] {
            static thread_local Primitives<GradFilters> primitives;
            const dims grouped = geometry.grouped(filter_shape);
            GradFilters& backward = primitives.get(key, [&] {
                const dnnl::convolution_backward_weights::primitive_desc description(
                    engine(), direct, layout, any_filters(grouped), result, geometry.stride,
                    geometry.gaps(), geometry.pad_before, geometry.pad_after,
                    hint(geometry, image_shape, filter_shape, gradient_shape));
                return GradFilters{description, dnnl::convolution_backward_weights(description)};
            });
            const desc chosen = backward.description.diff_weights_desc();
            const dnnl::memory target(plain_filters(grouped), engine(), to);
            const Scratch room(chosen.get_size() / 4 + 1);
            dnnl::memory found = chosen == target.get_desc()
                                     ? target
                                     : dnnl::memory(chosen, engine(), room.data());
            backward.primitive.execute(
                stream(),
                {{DNNL_ARG_SRC, image}, {DNNL_ARG_DIFF_DST, from}, {DNNL_ARG_DIFF_WEIGHTS, found}});
            if (found != target) {
                dnnl::memory destination = target;
                dnnl::reorder(found, destination).execute(stream(), found, destination);
            }
            stream().wait();
        };
        const float* const x = (const float*)image.get_data_handle();
        const float* const slopes = (const float*)from.get_data_handle();
        const Plane plane = plane_of(geometry, image_shape, gradient_shape);
        std::vector<Candidate> candidates{{"direct", run_direct}};
        if (geometry.is_plain_3x3(filter_shape) && winograd_takes(plane.in, plane.out))
            candidates.push_back(
                {"winograd", [&] { winograd_grad_filters(plane, x, slopes, to); }});
        run_fastest("gradient by weights", true, key, candidates);
    });
}

}  // namespace tt
