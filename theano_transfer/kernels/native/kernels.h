// What the C code of the Ops calls. Every function returns 0, or 1 with a Python error set.
//
// Images are (batch, channel, row, column), filters (out, channel / groups, row, column); all
// arrays are float32, but for the images, residuals and outputs of `convolve` and `pool`, which may
// be bfloat16. `*output` may hold the array of the last call, which is then used again.
#pragma once

#include <Python.h>
#include <numpy/ndarraytypes.h>

namespace tt {

enum Activation : int64_t { none = 0, relu = 1, relu6 = 2 };

// The fields are those of the Ops' parameters of the same names.
struct ConvolutionParams {
    int64_t pad_top, pad_bottom, pad_left, pad_right;
    int64_t stride_rows, stride_columns, dilation_rows, dilation_columns;
    int64_t groups, activation, in_place;

    template <typename Params>
    static ConvolutionParams from(const Params* p) {
        return {p->pad_top,     p->pad_bottom,     p->pad_left,      p->pad_right,
                p->stride_rows, p->stride_columns, p->dilation_rows, p->dilation_columns,
                p->groups,      p->activation,     p->in_place};
    }
};

struct PoolingParams {
    int64_t window_rows, window_columns, stride_rows, stride_columns;
    int64_t pad_top, pad_bottom, pad_left, pad_right;
    int64_t mode_code, ignore_border;

    template <typename Params>
    static PoolingParams from(const Params* p) {
        return {p->window_rows, p->window_columns, p->stride_rows, p->stride_columns,
                p->pad_top,     p->pad_bottom,     p->pad_left,    p->pad_right,
                p->mode_code,   p->ignore_border};
    }
};

// Stored batch statistics that stand behind a convolution: all of them, or none.
struct Normalisation {
    PyArrayObject *gamma, *beta, *mean, *var, *epsilon;
};

// The filters that one Apply node has packed for its kernel; created at the first call.
class PackedFilters;
void release(PackedFilters* packed);

// activation(normalisation(images * filters + bias) + residual); what is null is left out. With
// `in_place` the output may take the residual's place.
int convolve(const ConvolutionParams&, PackedFilters**, PyArrayObject* images,
             PyArrayObject* filters, PyArrayObject* bias, const Normalisation*,
             PyArrayObject* residual, PyArrayObject** output);

// One of several convolutions, each of the one before it.
struct Stage {
    ConvolutionParams params;
    PyArrayObject *filters, *bias;
    bool normalises;
    Normalisation normalisation;
};
// What one Apply node has packed: for its stages one by one, and for all of them at once.
struct PackedStages {
    PackedFilters* stages[3];
    PackedFilters* together;
};
void release(PackedStages&);

// [1x1,] depthwise and 1x1 convolution (`count` is 2 or 3), the last one plus the residual. Right
// for other convolutions too, if not faster.
int convolve_block(const Stage* stages, int count, PackedStages&, PyArrayObject* images,
                   PyArrayObject* residual, PyArrayObject** output);

// `image_size` is (rows, columns), `filter_size` likewise, both int64.
int convolve_grad_inputs(const ConvolutionParams&, PackedFilters**, PyArrayObject* filters,
                         PyArrayObject* gradient, PyArrayObject* image_size,
                         PyArrayObject** output);
int convolve_grad_weights(const ConvolutionParams&, PyArrayObject* images,
                          PyArrayObject* gradient, PyArrayObject* filter_size,
                          PyArrayObject** output);

// float32 to bfloat16, which is uint16 to NumPy, or back; channels `last` in memory or in C order.
int convert(PyArrayObject* images, bool to_bfloat16, bool last, PyArrayObject** output);

int pool(const PoolingParams&, PyArrayObject* images, PyArrayObject** output);
int pool_grad(const PoolingParams&, PyArrayObject* images, PyArrayObject* gradient,
              PyArrayObject** output);

// Vectors are (channel,); variances are biased ones.
int normalise(PyArrayObject* images, const Normalisation&, PyArrayObject** output);
// activation(normalised by the batch's own statistics + residual, unless that is null)
int normalise_train(PyArrayObject* images, PyArrayObject* gamma, PyArrayObject* beta,
                    PyArrayObject* epsilon, PyArrayObject* residual, Activation,
                    PyArrayObject** output, PyArrayObject** mean, PyArrayObject** var);
// `output` is that of normalise_train where there is an activation, otherwise it may be null.
int normalise_train_grad(PyArrayObject* images, PyArrayObject* gradient, PyArrayObject* gamma,
                         PyArrayObject* mean, PyArrayObject* var, PyArrayObject* epsilon,
                         PyArrayObject* output, Activation, PyArrayObject** by_images,
                         PyArrayObject** by_gamma, PyArrayObject** by_beta);
// The sum of (batch, channel, row, column) over all axes but the second.
int sum_channels(PyArrayObject* images, PyArrayObject** output);

}  // namespace tt
