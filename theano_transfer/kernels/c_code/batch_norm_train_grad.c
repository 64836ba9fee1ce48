#section support_code_struct

int APPLY_SPECIFIC(batch_norm_train_grad)(PyArrayObject* images, PyArrayObject* gradient,
                                          PyArrayObject* gamma, PyArrayObject* mean,
                                          PyArrayObject* var, PyArrayObject* epsilon,
                                          PyArrayObject* output, PyArrayObject** by_images,
                                          PyArrayObject** by_gamma, PyArrayObject** by_beta,
                                          PARAMS_TYPE* params) {
    return tt::normalise_train_grad(images, gradient, gamma, mean, var, epsilon, output,
                                    (tt::Activation)params->activation, by_images, by_gamma,
                                    by_beta);
}
