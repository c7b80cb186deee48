import pytest
import torch
from torch import nn

from dfd import classifier
from dfd.errors import InputError


def classifiers() -> tuple[classifier.Classifier, classifier.Classifier]:
    torch.manual_seed(0)
    return tuple(classifier.Classifier(nn.Identity(), 8, head, dropout=0) for head in ("softmax", "sigmoid"))


def test_heads_give_two_logits_and_one():
    softmax, sigmoid = classifiers()
    inputs = torch.randn(5, 8)
    assert softmax(inputs).shape == (5, 2)
    assert sigmoid(inputs).shape == (5, 1)
    with pytest.raises(InputError, match="no such head"):
        classifier.Classifier(nn.Identity(), 8, "argmax")


def test_log_odds_give_the_probability_of_softmax():
    softmax, _ = classifiers()
    logits = softmax(torch.randn(50, 8) * 5)
    p_fake = torch.softmax(logits, dim=1)[:, classifier.FAKE]
    torch.testing.assert_close(torch.sigmoid(classifier.fake_logit(logits)), p_fake, atol=1e-6, rtol=1e-5)


def test_softmax_head_equals_the_sigmoid_head_of_the_difference():
    softmax, sigmoid = classifiers()
    with torch.no_grad():
        sigmoid.head.weight.copy_(softmax.head.weight[1:] - softmax.head.weight[:1])
        sigmoid.head.bias.copy_(softmax.head.bias[1:] - softmax.head.bias[:1])
    inputs, fake = torch.randn(20, 8), torch.arange(20) % 2
    first, second = (classifier.loss(model(inputs), fake) for model in (softmax, sigmoid))
    torch.testing.assert_close(first, second)
    first.backward()
    second.backward()
    torch.testing.assert_close(softmax.head.weight.grad[1:], sigmoid.head.weight.grad)
    torch.testing.assert_close(softmax.head.weight.grad[:1], -sigmoid.head.weight.grad)


def test_loss_prefers_the_right_class():
    logits = torch.tensor([[3.0, -3.0]])
    assert classifier.loss(logits, torch.tensor([0])) < 0.01 < 5 < classifier.loss(logits, torch.tensor([1]))


def test_backbone_and_head_judge_faces(sample):
    model = classifier.make(sample).eval()
    with torch.inference_mode():
        assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 2)
