"""Judging a model: figures, calibration, confusions, the worst answers, comparisons, reports."""

from theano_transfer.judging._augmented import predict_augmented as predict_augmented
from theano_transfer.judging._calibration import Reliability as Reliability
from theano_transfer.judging._calibration import calibration_error as calibration_error
from theano_transfer.judging._calibration import find_temperature as find_temperature
from theano_transfer.judging._calibration import reliability as reliability
from theano_transfer.judging._calibration import with_temperature as with_temperature
from theano_transfer.judging._compare import compare as compare
from theano_transfer.judging._compare_runs import compare_runs as compare_runs
from theano_transfer.judging._compare_runs import report_runs as report_runs
from theano_transfer.judging._folds import cross_validate as cross_validate
from theano_transfer.judging._folds import summary as summary
from theano_transfer.judging._judgement import Judgement as Judgement
from theano_transfer.judging._judgement import judge as judge
from theano_transfer.judging._judgement import judgement_of as judgement_of
from theano_transfer.judging._measures import class_measures as class_measures
from theano_transfer.judging._measures import label_measures as label_measures
from theano_transfer.judging._measures import top_k_accuracy as top_k_accuracy
from theano_transfer.judging._report import report as report
from theano_transfer.judging._runs import read_history as read_history
