"""The linear probe: trained on embeddings, evaluated on those it never saw, asked about new ones.

`fit` and `predict` are shrinkage discriminant analysis, calibrated; `out_of_fold`, `split` and
`by_one_probe` predict by probes that never saw the image. `NoveltyDetector` tells whether an
embedding resembles any class, `TextPrior` what the names of classes say, `most_useful` what to
label next, `learning_curve` what more images would bring, `layout` where images lie on a map.
"""

from featclass.probe.active_learning import MOST, MOST_LABELLED, most_useful, spaced
from featclass.probe.covariance import distances_left_out
from featclass.probe.embedded import Embedded, products
from featclass.probe.evaluation import OutOfFold, by_one_probe, learner, out_of_fold, split
from featclass.probe.fitting import fit, predict, untried_blend
from featclass.probe.neighbours import nearest, nearest_others
from featclass.probe.normalisation import Codes, Floats, normalise
from featclass.probe.novelty import NoveltyDetector, exemplar_indices, simulated_strangers
from featclass.probe.statistics import accuracy_interval, binomial_tail
from featclass.probe.text_prior import Blend, TextPrior
from featclass.probe.threads import side_by_side
from featclass.probe.tsne import Layout
