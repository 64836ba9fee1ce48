#section support_code_struct

tt::PackedFilters* packed;  // Aesara fills the struct that this becomes part of with zeros

int APPLY_SPECIFIC(conv2d_forward)(PyArrayObject* images, PyArrayObject* filters,
                                   PyArrayObject* a, PyArrayObject* b, PyArrayObject* c,
                                   PyArrayObject* d, PyArrayObject* e, PyArrayObject* f,
                                   PyArrayObject* g, PyArrayObject** output,
                                   PARAMS_TYPE* params) {
    PyArrayObject* others[] = {a, b, c, d, e, f, g};
    PyArrayObject** next = others;
    PyArrayObject* bias = params->has_bias ? *next++ : nullptr;
    const tt::Normalisation normalisation{next[0], next[1], next[2], next[3], next[4]};
    if (params->has_normalisation) next += 5;
    PyArrayObject* residual = params->has_residual ? *next : nullptr;
    return tt::convolve(tt::ConvolutionParams::from(params), &packed, images, filters, bias,
                        params->has_normalisation ? &normalisation : nullptr, residual, output);
}

#section cleanup_code_struct

tt::release(packed);
packed = nullptr;
