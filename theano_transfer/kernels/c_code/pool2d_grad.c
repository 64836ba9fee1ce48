#section support_code_struct

int APPLY_SPECIFIC(pool2d_grad)(PyArrayObject* images, PyArrayObject* gradient,
                                PyArrayObject** output, PARAMS_TYPE* params) {
    return tt::pool_grad(tt::PoolingParams::from(params), images, gradient, output);
}
