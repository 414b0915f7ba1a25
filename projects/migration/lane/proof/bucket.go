package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var _ Store = (*Bucket)(nil)

// folder is where the records of switches are in the bucket.
const folder = "switch/"

// Bucket is a Store in an S3 bucket, whose default lock keeps each record for its
// time. A lock alone does not keep a second version from being put before the first:
// a record is written on the condition that there is none of its name (Amazon S3
// user guide, "How to prevent object overwrites with conditional writes").
type Bucket struct {
	Client *s3.Client
	Name   string
	// Key is the ARN of the KMS key under which records are stored.
	Key string
}

// Object is the key of a record in the bucket.
func (b *Bucket) Object(name string) string { return folder + name + ".json" }

// Put writes the record with a checksum, which a bucket with a lock demands.
func (b *Bucket) Put(ctx context.Context, name string, body []byte) error {
	_, err := b.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(b.Name), Key: aws.String(b.Object(name)), Body: bytes.NewReader(body), IfNoneMatch: aws.String("*"),
		ContentType: aws.String("application/json"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(b.Key),
	})
	if err == nil {
		return nil
	}
	if !refused(err) {
		return fmt.Errorf("store proof record %s in bucket %s: %w", name, b.Name, err)
	}
	former, err := b.Get(ctx, name)
	if err == nil && !bytes.Equal(former, body) {
		err = fmt.Errorf("store proof record %s in bucket %s: %w", name, b.Name, ErrExists)
	}
	return err
}

// refused tells that there is a record of that name, or that another writer is
// making one.
func refused(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) &&
		(response.HTTPStatusCode() == http.StatusPreconditionFailed || response.HTTPStatusCode() == http.StatusConflict)
}

// Get reads a record.
func (b *Bucket) Get(ctx context.Context, name string) (body []byte, err error) {
	out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(b.Name), Key: aws.String(b.Object(name))})
	var missing *types.NoSuchKey
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("proof record %s: %w", name, ErrAbsent)
	}
	if err != nil {
		return nil, fmt.Errorf("read proof record %s from bucket %s: %w", name, b.Name, err)
	}
	defer func() { err = errors.Join(err, out.Body.Close()) }()
	if body, err = io.ReadAll(out.Body); err != nil {
		return nil, fmt.Errorf("read proof record %s from bucket %s: %w", name, b.Name, err)
	}
	return body, nil
}
