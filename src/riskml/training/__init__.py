from riskml.training.train import Trained, train


__all__ = ["Trained", "train"]
