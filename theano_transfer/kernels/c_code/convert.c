#section support_code_struct

int APPLY_SPECIFIC(convert)(PyArrayObject* images, PyArrayObject** output, PARAMS_TYPE* params) {
    return tt::convert(images, params->to_bfloat16, params->last, output);
}
