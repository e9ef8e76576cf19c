"""Closed forms of the two posts, with numpy and scipy alone: sequences of learning rates in, predictions out.

Post 000: Su, «Weight Decay and Learning Rate from a Moving Average Perspective» (kexue.fm 11459, translated by Rosić).
Post 003: Su, «Making Alchemy More Scientific, Part 5: Learning Rates from Gradients» (kexue.fm 11530).
Steps count from 0 here and from 1 there. Where a post approximates, the exact expression of AdamW's recursion stands
beside it, and the names say which is which.
"""
