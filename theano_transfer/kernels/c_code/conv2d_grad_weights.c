#section support_code_struct

int APPLY_SPECIFIC(conv2d_grad_weights)(PyArrayObject* images, PyArrayObject* gradient,
                                        PyArrayObject* filter_size, PyArrayObject** output,
                                        PARAMS_TYPE* params) {
    return tt::convolve_grad_weights(tt::ConvolutionParams::from(params), images, gradient,
                                     filter_size, output);
}
