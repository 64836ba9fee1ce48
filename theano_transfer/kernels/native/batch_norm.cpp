// Batch normalisation of channels-last images, and sums per channel.
//
// The work is cheap next to the memory it reads, so each function goes over its tensors as few
// times as the formula allows, and takes the activation with it.
#include <omp.h>

#include <cmath>
#include <limits>

#include "arrays.h"
#include "kernels.h"
#include "simd.h"

namespace tt {
namespace {

using Doubles = std::vector<double>;

float scalar(PyArrayObject* array) { return *(float*)PyArray_DATA(array); }

void check_channels(const dims& image, std::initializer_list<PyArrayObject*> vectors) {
    for (PyArrayObject* vector : vectors)
        if (PyArray_DIM(vector, 0) != image[1])
            throw std::invalid_argument(std::to_string(image[1]) + " channels and parameters for " +
                                        std::to_string(PyArray_DIM(vector, 0)));
}

float bound(Activation activation) {
    return activation == relu6 ? 6.f : std::numeric_limits<float>::infinity();
}
float floor_of(Activation activation) {
    return activation == none ? -std::numeric_limits<float>::infinity() : 0.f;
}

// Pixels are summed in pieces that stay in the nearest cache.
constexpr int64_t piece_bytes = 1 << 15;
int64_t piece_of(int64_t channels) { return std::max<int64_t>(1, piece_bytes / 4 / channels); }

// Sums over pixels of what `term(pixel)` hands out per channel: `count` sums at once. Pieces are
// added in float32, their sums in float64, each thread's in the order of pixels.
template <int count, typename Term>
std::vector<Doubles> sums(int64_t pixels, int64_t channels, Term term) {
    const int64_t piece = piece_of(channels), pieces = (pixels + piece - 1) / piece;
    const int threads = omp_get_max_threads();
    std::vector<Doubles> partial(threads * count, Doubles(channels));
#pragma omp parallel
    {
        const int thread = omp_get_thread_num();
        std::vector<float> sum(count * channels);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < pieces; ++i) {
            std::fill(sum.begin(), sum.end(), 0.f);
            const int64_t last = std::min(pixels, (i + 1) * piece);
            for (int64_t pixel = i * piece; pixel < last; ++pixel) term(pixel, sum.data());
            for (int k = 0; k < count; ++k)
                for (int64_t c = 0; c < channels; ++c)
                    partial[thread * count + k][c] += sum[k * channels + c];
        }
    }
    for (int thread = 1; thread < threads; ++thread)
        for (int k = 0; k < count; ++k)
            for (int64_t c = 0; c < channels; ++c)
                partial[k][c] += partial[thread * count + k][c];
    partial.resize(count);
    return partial;
}

template <typename Body>
void for_pixels(int64_t pixels, int64_t channels, Body body) {
    const int64_t piece = piece_of(channels);
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < pixels; first += piece)
        for (int64_t pixel = first; pixel < std::min(pixels, first + piece); ++pixel) body(pixel);
}

struct Image {
    dnnl::memory memory;
    float* data;
    explicit Image(const Tensor& tensor)
        : memory(tensor.in_layout(channels_last(tensor.shape()))),
          data((float*)memory.get_data_handle()) {}
};

const float* values(const Vector& vector) { return (const float*)PyArray_DATA(vector.array); }
float* values(PyArrayObject* vector) { return (float*)PyArray_DATA(vector); }

// output = activation(images * scale + shift + residual), per channel.
void apply(const float* images, const float* scale, const float* shift, const float* residual,
           Activation activation, int64_t pixels, int64_t channels, float* output) {
    const vec low = splat(floor_of(activation)), high = splat(bound(activation));
    for_pixels(pixels, channels, [=](int64_t pixel) {
        const float* x = images + pixel * channels;
        float* y = output + pixel * channels;
        for_vectors(channels, [=](int64_t c, int64_t n) {
            vec value = load(x + c, n) * load(scale + c, n) + load(shift + c, n);
            if (residual) value += load(residual + pixel * channels + c, n);
            store(y + c, smallest(largest(value, low), high), n);
        });
    });
}

}  // namespace

int normalise(PyArrayObject* images, const Normalisation& n, PyArrayObject** output) {
    return guarded("batch normalisation", [&] {
        const dims shape = shape_of(images);
        check_channels(shape, {n.gamma, n.beta, n.mean, n.var});
        allocate(output, shape);
        if (is_empty(shape)) return;
        const Tensor source(images);
        const Vector gamma(n.gamma), beta(n.beta), mean(n.mean), var(n.var);
        const int64_t channels = shape[1], pixels = shape[0] * shape[2] * shape[3];
        const float epsilon = scalar(n.epsilon);
        const WithoutLock unlocked;
        std::vector<float> scale(channels), shift(channels);
        for (int64_t c = 0; c < channels; ++c) {
            scale[c] = values(gamma)[c] / std::sqrt(values(var)[c] + epsilon);
            shift[c] = values(beta)[c] - values(mean)[c] * scale[c];
        }
        apply(Image(source).data, scale.data(), shift.data(), nullptr, none, pixels, channels,
              values(*output));
    });
}

int normalise_train(PyArrayObject* images, PyArrayObject* gamma_, PyArrayObject* beta_,
                    PyArrayObject* epsilon_, PyArrayObject* residual, Activation activation,
                    PyArrayObject** output, PyArrayObject** mean, PyArrayObject** var) {
    return guarded("batch normalisation", [&] {
        const dims shape = shape_of(images);
        check_channels(shape, {gamma_, beta_});
        if (residual != nullptr && shape_of(residual) != shape)
            throw std::invalid_argument("what is added does not have the shape of the images");
        allocate(output, shape);
        allocate_vector(mean, shape[1]);
        allocate_vector(var, shape[1]);
        if (is_empty(shape)) {
            fill(*mean, std::numeric_limits<float>::quiet_NaN());
            fill(*var, std::numeric_limits<float>::quiet_NaN());
            return;
        }
        const Tensor source(images), added(residual ? residual : images);
        const Vector gamma(gamma_), beta(beta_);
        const int64_t channels = shape[1], pixels = shape[0] * shape[2] * shape[3];
        const float epsilon = scalar(epsilon_);
        const WithoutLock unlocked;
        const Image image(source);
        const float* x = image.data;
        // Moments around the first pixel: close enough to the mean that little cancels.
        const auto moment = sums<2>(pixels, channels, [=](int64_t pixel, float* sum) {
            const float* at = x + pixel * channels;
            for_vectors(channels, [=](int64_t c, int64_t n) {
                const vec difference = load(at + c, n) - load(x + c, n);
                store(sum + c, load(sum + c, n) + difference, n);
                float* squares = sum + channels + c;
                store(squares, load(squares, n) + difference * difference, n);
            });
        });
        std::vector<float> scale(channels), shift(channels);
        for (int64_t c = 0; c < channels; ++c) {
            const double offset = moment[0][c] / pixels;
            const double variance = std::max(0., moment[1][c] / pixels - offset * offset);
            values(*mean)[c] = (float)(x[c] + offset);
            values(*var)[c] = (float)variance;
            scale[c] = values(gamma)[c] / std::sqrt((float)variance + epsilon);
            shift[c] = values(beta)[c] - values(*mean)[c] * scale[c];
        }
        const std::unique_ptr<Image> other(residual ? new Image(added) : nullptr);
        apply(x, scale.data(), shift.data(), other ? other->data : nullptr, activation, pixels,
              channels, values(*output));
    });
}

int normalise_train_grad(PyArrayObject* images, PyArrayObject* gradient, PyArrayObject* gamma_,
                         PyArrayObject* mean_, PyArrayObject* var_, PyArrayObject* epsilon_,
                         PyArrayObject* output, Activation activation, PyArrayObject** by_images,
                         PyArrayObject** by_gamma, PyArrayObject** by_beta) {
    return guarded("gradient of batch normalisation", [&] {
        const dims shape = shape_of(images);
        check_channels(shape, {gamma_, mean_, var_});
        for (PyArrayObject* other : {gradient, activation == none ? gradient : output})
            if (shape_of(other) != shape)
                throw std::invalid_argument("the gradient does not have the shape of the output");
        allocate(by_images, shape);
        allocate_vector(by_gamma, shape[1]);
        allocate_vector(by_beta, shape[1]);
        if (is_empty(shape)) {
            fill(*by_gamma, 0.f);
            fill(*by_beta, 0.f);
            return;
        }
        const Tensor source(images), slope(gradient), result(activation == none ? gradient : output);
        const Vector gamma(gamma_), mean(mean_), var(var_);
        const int64_t channels = shape[1], pixels = shape[0] * shape[2] * shape[3];
        const float epsilon = scalar(epsilon_);
        const WithoutLock unlocked;
        const Image image(source), slopes(slope), outputs(result);
        const float *x = image.data, *g = slopes.data, *y = outputs.data, *centre = values(mean);
        // Where the activation was flat, no gradient passes.
        const vec low = splat(floor_of(activation)), high = splat(bound(activation));
        const bool flat = activation != none;
        const auto passed = [=](int64_t at, int64_t n) {
            const vec slope = load(g + at, n);
            if (!flat) return slope;
            const vec result = load(y + at, n);
            return (result > low) & (result < high) ? slope : vec{};
        };
        const auto sum = sums<2>(pixels, channels, [=](int64_t pixel, float* sum) {
            for_vectors(channels, [=](int64_t c, int64_t n) {
                const int64_t at = pixel * channels + c;
                const vec slope = passed(at, n), centred = load(x + at, n) - load(centre + c, n);
                store(sum + c, load(sum + c, n) + slope, n);
                float* products = sum + channels + c;
                store(products, load(products, n) + slope * centred, n);
            });
        });
        // by_images = scale * (g - mean of g - (x - mean) * inverse^2 * mean of g * (x - mean))
        std::vector<float> scale(channels), by_x(channels), constant(channels);
        for (int64_t c = 0; c < channels; ++c) {
            const float inverse = 1 / std::sqrt(values(var)[c] + epsilon);
            values(*by_beta)[c] = (float)sum[0][c];
            values(*by_gamma)[c] = (float)sum[1][c] * inverse;
            scale[c] = values(gamma)[c] * inverse;
            by_x[c] = -scale[c] * inverse * inverse * (float)(sum[1][c] / pixels);
            constant[c] = -scale[c] * (float)(sum[0][c] / pixels) - by_x[c] * centre[c];
        }
        float* to = values(*by_images);
        const float *s = scale.data(), *b = by_x.data(), *k = constant.data();
        for_pixels(pixels, channels, [=](int64_t pixel) {
            for_vectors(channels, [=](int64_t c, int64_t n) {
                const int64_t at = pixel * channels + c;
                store(to + at,
                      load(s + c, n) * passed(at, n) + load(b + c, n) * load(x + at, n) +
                          load(k + c, n),
                      n);
            });
        });
    });
}

int sum_channels(PyArrayObject* images, PyArrayObject** output) {
    return guarded("sum over images", [&] {
        const dims shape = shape_of(images);
        allocate_vector(output, shape[1]);
        if (is_empty(shape)) return fill(*output, 0.f);
        const Tensor source(images);
        const int64_t channels = shape[1], pixels = shape[0] * shape[2] * shape[3];
        const WithoutLock unlocked;
        const Image image(source);
        const float* x = image.data;
        const auto sum = sums<1>(pixels, channels, [=](int64_t pixel, float* sum) {
            const float* at = x + pixel * channels;
            for_vectors(channels, [=](int64_t c, int64_t n) {
                store(sum + c, load(sum + c, n) + load(at + c, n), n);
            });
        });
        for (int64_t c = 0; c < channels; ++c) values(*output)[c] = (float)sum[0][c];
    });
}

}  // namespace tt
