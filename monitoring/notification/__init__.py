"""Tells another system that an alarm rings."""

from monitoring.notification.webhook import NotDelivered, Webhook, open_webhook, sign

__all__ = ["NotDelivered", "Webhook", "open_webhook", "sign"]
