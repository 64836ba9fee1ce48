#section support_code_struct

int APPLY_SPECIFIC(pool2d_forward)(PyArrayObject* images, PyArrayObject** output,
                                   PARAMS_TYPE* params) {
    return tt::pool(tt::PoolingParams::from(params), images, output);
}
