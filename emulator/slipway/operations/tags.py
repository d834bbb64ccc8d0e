"""Tags of every resource, by its ARN."""

from slipway.errors import ValidationException
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.arn import key_of_arn
from slipway.resources.document import Document
from slipway.resources.resource import Kind, Resource
from slipway.resources.tagging import LARGEST_NUMBER, checked_tags
from slipway.store.store import Store


class Tags:
    """AddTags, ListTags, DeleteTags."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "AddTags"): self.add,
            (SAGEMAKER, "ListTags"): self.list,
            (SAGEMAKER, "DeleteTags"): self.delete,
        }

    def add(self, call: Call) -> Document:
        """AddTags: a key that is there gets the new value; all of the resource's tags are answered."""
        tags = checked_tags(call.parameters["Tags"])
        with self._store.all_or_nothing():
            resource = self._tagged(call)
            if _is_version(resource):
                raise versions_have_no_tags()
            added = self._store.add_tags(resource.arn, tags)
            if len(added) > LARGEST_NUMBER:
                raise ValidationException(
                    f"{resource.arn} would have {len(added)} tags; a resource can have {LARGEST_NUMBER}."
                )
        return {"Tags": added}

    def list(self, call: Call) -> Document:
        """ListTags: always one page, for the smallest page that can be asked for holds all that can be."""
        read_token(call.operation, call.parameters)
        return {"Tags": self._store.tags(self._tagged(call).arn)}

    def delete(self, call: Call) -> Document:
        """DeleteTags; a key that is not there is no error."""
        self._store.remove_tags(self._tagged(call).arn, call.parameters["TagKeys"])
        return {}

    def _tagged(self, call: Call) -> Resource:
        arn = call.parameters["ResourceArn"]
        key = key_of_arn(arn)
        resource = self._store.get(key) if key is not None and key.owner == call.owner else None
        if resource is None:
            raise ValidationException(f"Requested resource not found: {arn}")
        return resource


def versions_have_no_tags() -> ValidationException:
    """What AddTags and CreateModelPackage answer for tags on a version."""
    return ValidationException(
        "Tags are not supported in Model Package versions. Please add them to the Model Package Group."
    )


def _is_version(resource: Resource) -> bool:
    return resource.key.kind is Kind.MODEL_PACKAGE and "ModelPackageVersion" in resource.document
