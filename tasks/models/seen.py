from django.db import models
from django.utils.translation import gettext_lazy as _


class SeenMessage(models.Model):
    """The id of a signed portal request that was accepted: it is accepted once.

    Rows older than the signature's tolerance say nothing any more and are deleted.
    """

    signer = models.CharField(max_length=18)
    message_id = models.CharField(max_length=64)
    seen_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("已用过的消息编号")
        verbose_name_plural = _("已用过的消息编号")
        constraints = [
            models.UniqueConstraint(
                fields=["signer", "message_id"], name="seen_message_unique"
            )
        ]

    def __str__(self) -> str:
        return self.message_id
