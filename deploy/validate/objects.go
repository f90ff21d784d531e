package main

import (
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// kinds makes an empty object of each kind that a manifest may hold.
var kinds = map[metav1.TypeMeta]func() any{
	{APIVersion: "apps/v1", Kind: "Deployment"}:                     func() any { return &appsv1.Deployment{} },
	{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"}: func() any { return &autoscalingv2.HorizontalPodAutoscaler{} },
	{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}:     func() any { return &networkingv1.NetworkPolicy{} },
	{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}:          func() any { return &policyv1.PodDisruptionBudget{} },
	{APIVersion: "v1", Kind: "ConfigMap"}:                           func() any { return &corev1.ConfigMap{} },
	{APIVersion: "v1", Kind: "Namespace"}:                           func() any { return &corev1.Namespace{} },
	{APIVersion: "v1", Kind: "Secret"}:                              func() any { return &corev1.Secret{} },
	{APIVersion: "v1", Kind: "Service"}:                             func() any { return &corev1.Service{} },
	{APIVersion: "v1", Kind: "ServiceAccount"}:                      func() any { return &corev1.ServiceAccount{} },
}

// build renders a kustomization into one YAML document for each object, and all in one.
func build(folder string) (objects [][]byte, manifest []byte, err error) {
	kustomizer := krusty.MakeKustomizer(krusty.MakeDefaultOptions())
	resources, err := kustomizer.Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, nil, err
	}
	for _, resource := range resources.Resources() {
		object, err := resource.AsYAML()
		if err != nil {
			return nil, nil, err
		}
		objects = append(objects, object)
	}
	manifest, err = resources.AsYaml()
	return objects, manifest, err
}

// validate returns every fault of every object.
func validate(objects [][]byte) error {
	var faults []error
	for _, object := range objects {
		faults = append(faults, validateObject(object))
	}
	return errors.Join(faults...)
}

func validateObject(object []byte) error {
	var header struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        metav1.ObjectMeta `json:"metadata"`
	}
	if err := yaml.Unmarshal(object, &header); err != nil {
		return err
	}
	name := header.Kind + "/" + header.Metadata.Name
	empty, known := kinds[header.TypeMeta]
	if !known {
		return fmt.Errorf("%s: no kind %s %s is known here", name, header.APIVersion, header.Kind)
	}
	typed := empty()
	// Refuses fields that the kind does not have, keys given twice and values of another type,
	// among them quantities such as "2 cores".
	if err := yaml.UnmarshalStrict(object, typed); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if deployment, is := typed.(*appsv1.Deployment); is {
		if err := restricted(&deployment.Spec.Template); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// restricted holds pods against the strictest Pod Security Standard, with the very checks that
// a cluster makes in a namespace labelled pod-security.kubernetes.io/enforce: restricted.
func restricted(pods *corev1.PodTemplateSpec) error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	results := evaluator.EvaluatePod(level, &pods.ObjectMeta, &pods.Spec)
	if result := policy.AggregateCheckResults(results); !result.Allowed {
		return fmt.Errorf("pods are not restricted: %s", result.ForbiddenDetail())
	}
	return nil
}
