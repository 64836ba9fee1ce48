#section support_code_struct

int APPLY_SPECIFIC(batch_norm_inference)(PyArrayObject* images, PyArrayObject* gamma,
                                         PyArrayObject* beta, PyArrayObject* mean,
                                         PyArrayObject* var, PyArrayObject* epsilon,
                                         PyArrayObject** output) {
    return tt::normalise(images, {gamma, beta, mean, var, epsilon}, output);
}
