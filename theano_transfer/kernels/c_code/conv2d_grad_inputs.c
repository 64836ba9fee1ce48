#section support_code_struct

tt::PackedFilters* packed;  // Aesara fills the struct that this becomes part of with zeros

int APPLY_SPECIFIC(conv2d_grad_inputs)(PyArrayObject* filters, PyArrayObject* gradient,
                                       PyArrayObject* image_size, PyArrayObject** output,
                                       PARAMS_TYPE* params) {
    return tt::convolve_grad_inputs(tt::ConvolutionParams::from(params), &packed, filters,
                                    gradient, image_size, output);
}

#section cleanup_code_struct

tt::release(packed);
packed = nullptr;
